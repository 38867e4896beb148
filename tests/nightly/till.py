"""A service that counts what it was asked to do: each order, by its name, and by its idempotency key if it has one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Self

_END = b"\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

_SECONDS = 0.05
"""From what is done to its answer: whoever asks may die meanwhile."""


class Till:
    """Use as `async with Till() as till`.

    Attributes:
        done: how often each path was done. One that came with a key is done once for the key.
        again: requests whose key had come before: repeated, and not done again.
    """

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.again = 0
        self.url = ""
        self._keys: set[bytes] = set()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        serving = [task for task in self._open.values() if task is not None]
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(_END)
                lines = head.split(b"\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in lines[1:] if b": " in line)
                await reader.readexactly(int(fields.get(b"content-length", b"0")))
                self._do(lines[0].split(b" ")[1].decode(), fields.get(b"idempotency-key", b""))
                await asyncio.sleep(_SECONDS)
                writer.write(_ANSWER)
                await writer.drain()
        del self._open[writer]
        writer.close()

    def _do(self, path: str, key: bytes) -> None:
        # Only what says that it is keyed counts on its key; every call carries one.
        if path.startswith("/keyed/"):
            if key in self._keys:
                self.again += 1
                return
            self._keys.add(key)
        self.done[path] += 1
