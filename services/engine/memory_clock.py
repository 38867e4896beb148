"""The time of runs in memory."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The time of a run, in Unix milliseconds."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1000)


class Skipping(Clock):
    """A clock that is moved to the end of each sleep, so that nobody waits. It stands still otherwise."""

    def __init__(self, start: int | None = None) -> None:
        self._now = super().now() if start is None else start

    def now(self) -> int:
        return self._now

    async def sleep(self, milliseconds: int) -> None:
        self._now += milliseconds
