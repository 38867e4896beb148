"""Headers that go out, checked, with the credentials that are bound to their origin; and headers that came back."""

from __future__ import annotations

import re
from typing import Final

import aiohttp

from infra.egress import target
from infra.egress.messages import MAX_BODY, Refused, Request
from infra.header_names import is_usable

_USER_AGENT: Final = "integration/1.0"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]{0,8000}")


def outgoing(request: Request, origin: target.Origin, *, encoding: str = "gzip, deflate") -> dict[str, str]:
    """All headers of `request` on its way to `origin`; the answer may come in `encoding`.

    Raises:
        Refused: rule `method`, `body`, `header`, or `credential`: the credentials belong to another origin.
    """
    if request.method not in _METHODS:
        raise Refused("method", "This HTTP method is not supported")
    if len(request.body) > MAX_BODY:
        raise Refused("body", f"A request body has at most {MAX_BODY} bytes")
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": encoding}
    for name, value in request.headers.items():
        _check(name, value)
        headers[name] = value
    if not request.credentials and request.identity is None:
        return headers
    bound = request.destination.allowed_origins
    if origin.text not in bound and not any(origin.text == target.canonical_origin(one) for one in bound):
        raise Refused("credential", "The connection's credentials are not bound to this origin")
    if request.identity is not None and origin.scheme != "https":
        raise Refused("credential", "A certificate is shown in TLS alone: the address is none of https")
    for name, secret in request.credentials.items():
        _check(name, secret.reveal())
        _replace(headers, name, secret.reveal())
    return headers


def received(answer: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for given, text in answer.headers.items():
        name = given.lower()
        value = text if text.isascii() else text.encode("utf-8", "replace").decode()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _replace(headers: dict[str, str], name: str, value: str) -> None:
    for given in [key for key in headers if key.lower() == name.lower()]:
        del headers[given]
    headers[name] = value


def _check(name: str, value: str) -> None:
    if not is_usable(name):
        raise Refused("header", f"The header {name[:40]!r} may not be set")
    if not _VALUE.fullmatch(value):
        raise Refused("header", f"The header {name[:40]!r} has a line break or is too long")
