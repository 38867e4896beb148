"""Bodies as bytes and content types, and answers as the outputs of the language (DSL reference, HTTP Response)."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import urlencode

from infra.egress import Request, Response
from services.engine import values
from services.protocols import errors

Form = Literal["raw", "content", "response"]
ACCEPT: Final = "application/json, */*;q=0.5"
_HIDDEN: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


def text(value: Any) -> str:
    """A scalar as its text, anything else as JSON."""
    if isinstance(value, str):
        return value
    return values.encode(value).decode()


def pairs(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Of a query or a form: a list repeats its name, and null is not there."""
    return [
        (name, text(value))
        for name, member in given.items()
        for value in (member if isinstance(member, list) else [member])
        if value is not None
    ]


def is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def body(value: Any, content_type: str | None) -> tuple[bytes, str]:
    """The bytes, and the content type that they imply when nobody names one."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and isinstance(value, dict):
        return urlencode(pairs(value)).encode(), kind
    if isinstance(value, str) and not is_json(kind):
        return value.encode(), "text/plain; charset=utf-8"
    return values.encode(value), "application/json"


def output(
    form: Form, request: Request, response: Response, *, redirect: bool, shown: Collection[str] | None = None
) -> Any:
    """The output of a call in `form`; `redirect` makes 3xx a success.

    Of the request's headers it has those in `shown` (None: all), and none that is there for a credential.

    Raises:
        Refusal: the status is no success, or the content is not what it claims to be.
    """
    if not HTTPStatus.OK <= response.status < (HTTPStatus.BAD_REQUEST if redirect else HTTPStatus.MULTIPLE_CHOICES):
        path = request.url.partition("?")[0]
        raise errors.of_status(response.status, f"{request.method} {path} was answered with status {response.status}")
    if form == "raw":
        return base64.b64encode(response.body).decode()
    found = content(response.body, response.headers)
    if form == "content":
        return found
    sent = {name: value for name, value in request.headers.items() if name.lower() not in _HIDDEN}
    return {
        "request": {
            "method": request.method,
            "uri": request.url,
            "headers": {name: value for name, value in sent.items() if shown is None or name.lower() in shown},
        },
        "statusCode": response.status,
        "headers": response.headers,
        "content": found,
    }


def content(given: bytes, headers: Mapping[str, str]) -> Any:
    """JSON as a value, text as a string, anything else in base64, nothing as null.

    Raises:
        Refusal: it is not the JSON that it claims to be.
    """
    if not given:
        return None
    kind, _, parameters = headers.get("content-type", "application/json").partition(";")
    kind = kind.strip().lower()
    if is_json(kind):
        try:
            return values.decode(given)
        except values.ValueRefused as error:
            raise errors.unreadable(f"the answer is not the JSON it claims to be: {error}") from error
    if kind.startswith("text/") or kind.endswith(("/xml", "+xml")):
        charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(' "') or "utf-8"
        try:
            return given.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return base64.b64encode(given).decode()
