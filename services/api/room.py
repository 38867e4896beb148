"""Room for what holds connections of the database: who finds none in time is told to come again (ADR 0128)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from infra.problems import Unavailable

PLACES: Final = 4
"""Half of the connections that a process has: who has a place finds a connection, whoever else asks for one."""
PATIENCE: Final = 8.0
"""Seconds that a caller waits here: well within what clients and proxies wait for an answer."""
_COME_AGAIN: Final = 3


class Room:
    """So many at a time. One for the process."""

    def __init__(self, places: int = PLACES, patience: float = PATIENCE) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Take a place, in the order of coming. Raises Unavailable: none was free in time, and nothing was begun."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable("Too many decide at once; nothing was stored", retry_after=_COME_AGAIN) from None
        try:
            yield
        finally:
            self._places.release()
