"""A small HTTP/1.1 server on asyncio: keep-alive, `Content-Length` bodies, one request at a time per connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

import msgspec

_MAX_HEAD: Final = 16 * 1024
_MAX_BODY: Final = 1024 * 1024
_PHRASES: Final = {200: "OK", 201: "Created"}


class Asked(msgspec.Struct):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Answered(msgspec.Struct):
    """`half`: send half of the body and cut. `silent`: cut without a byte. `mute`: never answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json"
    half: bool = False
    silent: bool = False
    mute: bool = False


Handler = Callable[[Asked], Awaitable[Answered]]


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, handler: Handler, open_ones: set[Connection]) -> None:
        self._handler = handler
        self._open = open_ones
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._open.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None:
            self._serve()

    def cut(self) -> None:
        """Close at once, with a reset and nothing flushed."""
        if self._transport is not None:
            self._transport.abort()

    def _serve(self) -> None:
        try:
            asked = self._take()
        except ValueError:
            self.cut()
            return
        if asked is not None:
            self._task = asyncio.get_running_loop().create_task(self._answer(asked))

    def _take(self) -> Asked | None:
        """The next whole request in the buffer. Raises ValueError when there will never be one."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_HEAD:
                raise ValueError("the head is too long")
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= _MAX_BODY or "transfer-encoding" in headers:
            raise ValueError("the body is too long or chunked")
        if len(self._buffer) < end + 4 + length:
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        return Asked(method, target, headers, body)

    async def _answer(self, asked: Asked) -> None:
        try:
            answered = await self._handler(asked)
        except Exception:
            # Nobody is to wait for what never comes; the loop tells what it was.
            self.cut()
            raise
        self._task = None
        if self._transport is None or self._transport.is_closing() or answered.mute:
            return
        if answered.silent:
            self.cut()
            return
        self._transport.write(_bytes(answered))
        if answered.half or asked.headers.get("connection", "").lower() == "close":
            self._transport.close()
        elif self._buffer:
            self._serve()


def _bytes(answered: Answered) -> bytes:
    head = [
        f"HTTP/1.1 {answered.status} {_PHRASES.get(answered.status, 'Status')}",
        f"Content-Type: {answered.media_type}",
        f"Content-Length: {len(answered.body)}",
        *(f"{name}: {value}" for name, value in answered.headers),
    ]
    body = answered.body[: len(answered.body) // 2] if answered.half else answered.body
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
