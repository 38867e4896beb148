"""A request's body within its limits, of which nothing is read before they are looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar.types import HTTPReceiveMessage, Receive

from infra.problems import BadRequest
from services.api.errors import MalformedBody, RequestTimeout, TooLarge, UnsupportedMediaType


def check_length(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Raises BadRequest, TooLarge, UnsupportedMediaType: what the headers say of it cannot be taken."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding")
    length = headers.get(b"content-length")
    if length is None:
        return
    if not length.isdigit():
        raise BadRequest("Content-Length is not a number")
    if int(length) > limit:
        raise TooLarge(f"A body has at most {limit} bytes")


class Body:
    """Receives a body within its limits of size and time."""

    __slots__ = ("_deadline", "_left", "_limit", "_receive", "_seconds")

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._limit = self._left = limit
        self._deadline: float | None = None

    async def __call__(self) -> HTTPReceiveMessage:
        if self._left < 0:
            # The body is complete; what comes now is the news that the caller has gone.
            return await self._receive()  # type: ignore[return-value]
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message: Any = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            raise MalformedBody("The connection closed before the body ended")
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLarge(f"A body has at most {self._limit} bytes")
        if not message.get("more_body", False):
            self._left = -1
        return message  # type: ignore[no-any-return]
