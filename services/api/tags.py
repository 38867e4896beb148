"""Entity tags: a resource's answer names its version, and a change may ask that it is still that one (RFC 9110, 8.8.3).

The tag is a hash of the body. What a caller is shown depends on its permissions, so its tags do, too; the answer of a
change has the tag that the next read has. Where a body holds what changes by itself, the tag is of what people set.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar.serialization import encode_json
from litestar.types import ASGIApp, Message, Receive, Send

from services.api.conditions import CHANGING, CREATING, READ_ELSEWHERE, VERSIONED
from services.api.errors import BadIfMatch, PreconditionFailed
from services.api.policy import POLICY, Route

_TAG_BYTES: Final = 16
_ANY: Final = "*"
_TAG: Final = re.compile(r'"[\x21\x23-\x7e]*"')
_HAVE_A_TAG: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_OF_A_BODY: Final = frozenset({b"content-length", b"content-type"})
_ONE: Final[frozenset[Route]] = frozenset(
    route
    for route, rule in POLICY.items()
    if route[0] == "GET"
    and not rule.is_public
    and (route[1].endswith("}") or any((method, route[1]) in CHANGING for method in ("PATCH", "PUT", "POST")))
)
TAGGED: Final = _ONE | READ_ELSEWHERE | CREATING | {route for route in CHANGING if route[0] != "DELETE"}
"""Routes whose answer is one resource."""
VERSION: Final = "version"
"""Where the state of a request holds the tag of what its answer shows, on routes of `VERSIONED`."""


def tag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[: 2 * _TAG_BYTES]}"'


async def check(headers: Iterable[tuple[bytes, bytes]], present: Callable[[], Awaitable[msgspec.Struct]]) -> None:
    """Hold `If-Match`, where the request has it, against the answer that a read would get now.

    Raises:
        PreconditionFailed: somebody changed it since.
        BadIfMatch: it is neither `*` nor a list of strong tags.
    """
    given = [value.decode("latin-1").strip() for name, value in headers if name == b"if-match"]
    if not given or given == [_ANY]:
        return
    tags = [one.strip() for text in given for one in text.split(",")]
    if not all(_TAG.fullmatch(one) for one in tags):
        raise BadIfMatch("Send If-Match as `*` or as the ETag of the last answer, quotation marks included")
    if tag_of(encode_json(await present())) not in tags:
        raise PreconditionFailed("Read the resource again and decide anew; nothing was changed")


def tagging(app: ASGIApp) -> ASGIApp:
    """Middleware: puts `ETag` on the answers of `TAGGED` routes, and answers 304 to who has that version."""

    async def tagged(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope.get("path_template", "")) not in TAGGED:
            await app(scope, receive, send)
            return
        await app(scope, receive, _Tagger(scope, send))

    return tagged


class _Tagger:
    """Holds the head of an answer back until its body is there."""

    def __init__(self, scope: Any, send: Send) -> None:
        self._known = [value for name, value in scope["headers"] if name == b"if-none-match"]
        self._state = scope["state"]
        route = (scope["method"], scope["path_template"])
        self._reads = scope["method"] == "GET" and route not in VERSIONED
        self._send = send
        self._head: Any = None

    async def __call__(self, message: Message) -> None:
        if (
            message["type"] == "http.response.start"
            and message["status"] in _HAVE_A_TAG
            # One that has a version of its own (SCIM) is left as it is.
            and not any(name.lower() == b"etag" for name, _ in message["headers"])
        ):
            self._head = message
            return
        if self._head is not None and message["type"] == "http.response.body":
            head, self._head = self._head, None
            if not message.get("more_body", False):
                message = self._tag(head, message)
            await self._send(head)
        await self._send(message)

    def _tag(self, head: Any, message: Any) -> Any:
        version: str | None = self._state.get(VERSION)
        tag = (version or tag_of(message.get("body", b""))).encode()
        head["headers"] = [*head["headers"], (b"etag", tag)]
        if self._reads and any(tag in _weak(value) or value.strip() == b"*" for value in self._known):
            head["status"] = HTTPStatus.NOT_MODIFIED.value
            head["headers"] = [pair for pair in head["headers"] if pair[0].lower() not in _OF_A_BODY]
            return {**message, "body": b""}
        return message


def _weak(value: bytes) -> list[bytes]:
    return [one.strip().removeprefix(b"W/") for one in value.split(b",")]
