"""What wakes a part of the worker that looks for work."""

from __future__ import annotations

import asyncio
import contextlib


class Nudge:
    """Set after a commit that left something to do; a poll behind it finds what a dead worker left."""

    def __init__(self, poll: float) -> None:
        """`poll` in seconds."""
        self._poll = poll
        self._came = asyncio.Event()

    def __call__(self) -> None:
        self._came.set()

    async def wait(self) -> None:
        """Until one came since the last wait, or for the poll."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await self._came.wait()
        self._came.clear()
