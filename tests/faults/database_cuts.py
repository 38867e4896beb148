"""A proxy before PostgreSQL that cuts the line around a checkpoint's commit (F-08).

It reads what the client sends, message by message, and knows a checkpoint by the statement that a Bind names.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_SSL_REQUEST: Final = (80877103).to_bytes(4, "big")
_CHECKPOINT: Final = b"app.checkpoint_runs("


class Cutter:
    """Cuts every second checkpoint, `cuts` times: by turns when its answer is there, and as soon as it was forwarded.

    Attributes:
        answered: cuts after PostgreSQL had committed and answered; the answer was thrown away.
        unanswered: cuts right after forwarding; the commit runs beside the client's next attempt.
    """

    def __init__(self, upstream: int, cuts: int) -> None:
        self.port = 0
        self.answered = 0
        self.unanswered = 0
        self._upstream = upstream
        self._cuts = cuts
        self._seen = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            line = _Line(self, writer)
            down = asyncio.create_task(line.down(server_reader))
            try:
                await line.up(reader, server_writer)
            finally:
                server_writer.close()
                await down
        writer.close()

    def is_next(self) -> bool:
        """Count a checkpoint; whether it is to be cut."""
        self._seen += 1
        return self._seen % 2 == 0 and self.answered + self.unanswered < self._cuts


class _Line:
    """One connection of the client's."""

    def __init__(self, cutter: Cutter, client: asyncio.StreamWriter) -> None:
        self._cutter = cutter
        self._client = client
        self._checkpoints: set[bytes] = set()
        self._bound = False
        self._swallows = False

    async def up(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """Forward the client's messages; returns after a cut."""
        first = await _message(reader)
        server.write(first)
        if first[4:8] == _SSL_REQUEST:
            server.write(await _message(reader))
        while True:
            kind = await reader.readexactly(1)
            message = await _message(reader)
            self._look(kind, message[4:])
            cut = kind == b"S" and self._bound and self._cutter.is_next()
            self._bound = self._bound and kind != b"S"
            at_once = cut and self._cutter.unanswered < self._cutter.answered
            self._swallows = cut and not at_once
            server.write(kind + message)
            await server.drain()
            if at_once:
                self._cutter.unanswered += 1
                self._client.transport.abort()
                return

    async def down(self, server: asyncio.StreamReader) -> None:
        """Forward the server's answers, but one that is to be lost."""
        with contextlib.suppress(OSError):
            while data := await server.read(65536):
                if self._swallows:
                    self._cutter.answered += 1
                    self._client.transport.abort()
                    return
                self._client.write(data)
        self._client.close()

    def _look(self, kind: bytes, body: bytes) -> None:
        """Parse: statement's name, its text. Bind: portal's name, statement's name."""
        if kind == b"P":
            name, text, *_ = body.split(b"\0", 2)
            if _CHECKPOINT in text:
                self._checkpoints.add(name)
        elif kind == b"B":
            self._bound = body.split(b"\0", 2)[1] in self._checkpoints


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Length and body, as they came."""
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length, "big") - 4)


@asynccontextmanager
async def cutting(upstream: int, cuts: int) -> AsyncIterator[Cutter]:
    cutter = Cutter(upstream, cuts)
    listener = await asyncio.start_server(cutter.talk, "127.0.0.1", 0)
    cutter.port = listener.sockets[0].getsockname()[1]
    try:
        yield cutter
    finally:
        listener.close()
