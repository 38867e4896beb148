"""One kept-alive HTTP connection to loopback: the load generator must cost little on the cores that it measures."""

from __future__ import annotations

import asyncio
from typing import Self

_END = b"\r\n\r\n"


class Line:
    """Requests one after another. Use as `async with Line(port)`."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(
        self, method: str, path: str, body: bytes = b"", *, key: str = "", form: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body of the answer. `key` is an API key. Raises OSError or EOFError when the line is cut."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n"
        if key:
            head += f"Authorization: Bearer {key}\r\n"
        if body:
            head += f"Content-Type: {form}\r\n"
        self._writer.write(head.encode() + b"\r\n" + body)
        answer = (await self._reader.readuntil(_END)).lower()
        # Every answer that is asked for here says its length.
        length = answer.partition(b"content-length:")[2].partition(b"\r\n")[0]
        return int(answer.split(b" ", 2)[1]), await self._reader.readexactly(int(length or b"0"))
