"""The owner of an n8n, made as its first page makes them, and what a program is given by them: a key of its own API."""

from __future__ import annotations

import contextlib
import json
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any, Final

from tests.patience import PATIENCE

_OWNER: Final = {
    "email": "owner@acme.example",
    "firstName": "Kim",
    "lastName": "Owner",
    "password": "A-password-of-the-tests-1",
}
_BROWSER: Final = "a-browser-of-the-tests"
"""To which its sessions are bound."""


def api_key(port: int, scopes: list[str]) -> str:
    """Of a new owner: an n8n has one, so it is made once. Raises AssertionError: it makes none."""
    _, cookie = _asked(port, "owner/setup", _OWNER, "")
    body, _ = _asked(port, "api-keys", {"label": "tests", "scopes": scopes, "expiresAt": None}, cookie)
    key: str = body["data"]["rawApiKey"]
    return key


def document(port: int) -> bytes:
    """What it publishes of its own API, as it is served."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        line.request("GET", "/api/v1/openapi.yml")
        answer = line.getresponse()
        assert answer.status == HTTPStatus.OK
        return answer.read()


def _asked(port: int, path: str, body: Any, cookie: str) -> tuple[Any, str]:
    headers = {"Content-Type": "application/json", "browser-id": _BROWSER, "Cookie": cookie}
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
        line.request("POST", f"/rest/{path}", json.dumps(body).encode(), headers)
        answer = line.getresponse()
        text = answer.read()
        assert answer.status == HTTPStatus.OK, text
        return json.loads(text), (answer.getheader("set-cookie") or "").partition(";")[0]
