"""A network between two processes that stalls, is slow, or loses packets: a proxy on loopback (F-10, F-12)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final, Literal, Self

Way = Literal["up", "down"]
BOTH: Final[tuple[Way, Way]] = ("up", "down")
_AGAIN_SECONDS: Final = (0.2, 0.6)
"""After which a lost packet is sent again, as TCP does."""


class Network:
    """Use as `async with Network(port) as network`; clients connect to `network.port`.

    Nothing is dropped for good: what is held up arrives when the fault is over, as over a TCP connection that survived.

    Attributes:
        delay: seconds that every piece takes, each way.
        loss: share of the pieces that have to be sent again.
    """

    def __init__(self, upstream: int, *, delay: float = 0.0, loss: float = 0.0, seed: int = 0) -> None:
        self.port = 0
        self.delay = delay
        self.loss = loss
        self._upstream = upstream
        self._random = Random(seed)  # noqa: S311 (dice of a test)
        self._open = {way: asyncio.Event() for way in BOTH}
        for gate in self._open.values():
            gate.set()
        self._lines: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for gate in self._open.values():
            gate.set()
        talking = list(self._lines)
        for writer in self._lines.values():
            writer.transport.abort()
        await asyncio.gather(*talking, return_exceptions=True)

    @contextmanager
    def stalled(self, *ways: Way) -> Iterator[None]:
        """Nothing passes these ways; without any, neither."""
        for way in ways or BOTH:
            self._open[way].clear()
        try:
            yield
        finally:
            for way in ways or BOTH:
                self._open[way].set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("no task")
        self._lines[task] = writer
        try:
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
                down = asyncio.create_task(self._pass("down", there, writer))
                await self._pass("up", reader, back)
                back.close()
                await down
        finally:
            del self._lines[task]
            writer.close()

    async def _pass(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._open[way].wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.loss and self._random.random() < self.loss:
                    await asyncio.sleep(self._random.uniform(*_AGAIN_SECONDS))
                writer.write(data)
                await writer.drain()
        writer.close()
