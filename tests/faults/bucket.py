"""A bucket on loopback that keeps what it is given, and says no to what it does not know."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_EMPTY: Final = b"<ListBucketResult></ListBucketResult>"


class Bucket:
    """`objects` by path; `heads`: what requests said."""

    def __init__(self) -> None:
        self.url = ""
        self.objects: dict[str, bytes] = {}
        self.heads: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                first, *lines = head.decode().strip().split("\r\n")
                fields = dict(line.lower().split(": ", 1) for line in lines)
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                method, path, _ = first.split(" ")
                writer.write(self._answer(method, path, body))
                await writer.drain()
        writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> bytes:
        status, more, content = "200 OK", "", b""
        if method == "PUT":
            self.objects[path] = body
        elif "?" in path:
            content = _EMPTY
        elif path not in self.objects:
            status, content = "404 Not Found", b"<Error/>"
        elif method == "GET":
            content = self.objects[path]
            status, more = "206 Partial Content", f"Content-Range: bytes 0-{len(content) - 1}/{len(content)}\r\n"
        return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode() + content


@asynccontextmanager
async def bucket() -> AsyncIterator[Bucket]:
    made = Bucket()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/documents"
    async with server:
        yield made
