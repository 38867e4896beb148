"""A wire as a socket of this machine, for a library that opens its connections by itself.

The library is given a folder that nobody else can enter, and reaches nothing but what the guard has let through. Every
byte that comes goes past here, so that no answer is larger than it may be (S-57).
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from infra.egress.dial import Ends, Wire

_CHUNK: Final = 64 * 1024


class Relay:
    """`folder`: where the socket is. `is_over`: the other side said more than it may, and was cut off."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.is_over = False
        self._left = most
        self._came: asyncio.Future[Ends] = asyncio.get_running_loop().create_future()

    def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The first who comes is the one; there is no second."""
        if self._came.done():
            writer.transport.abort()
        else:
            self._came.set_result((reader, writer))

    async def run(self, wire: Wire) -> None:
        """Until one side has ended."""
        reader, writer = await self._came
        ways = [
            asyncio.create_task(self._carry(reader, wire.writer)),
            asyncio.create_task(self._carry(wire.reader, writer, counts=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counts: bool = False) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(_CHUNK):
                if counts:
                    self._left -= len(chunk)
                    self.is_over = self._left < 0
                    if self.is_over:
                        return
                sink.write(chunk)
                await sink.drain()


@asynccontextmanager
async def relayed(wire: Wire, name: str, most: int) -> AsyncIterator[Relay]:
    """A folder with a socket `name` that leads to `wire`, from which `most` bytes come at most."""
    with tempfile.TemporaryDirectory(prefix="way-") as folder:
        relay = Relay(Path(folder), most)
        server = await asyncio.start_unix_server(relay.meet, Path(folder) / name)
        running = asyncio.create_task(relay.run(wire))
        try:
            yield relay
        finally:
            server.close()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
