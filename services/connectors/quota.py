"""Calls of a connection's rate that this worker has taken from the database and not made yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from infra import clock
from services.engine.lines import Taken


class Quota:
    """As many are taken as are asked for at once, and as were needed last time. What is not made in time is lost."""

    def __init__(self) -> None:
        self._left = 0
        self._until = 0.0
        self._made = 0
        self._wanted = 0
        self._is_used_up = False
        self._asking = asyncio.Lock()

    def left(self) -> int:
        """Calls that may be made without asking."""
        return self._left if clock.monotonic() < self._until else 0

    async def take(self, ask: Callable[[int], Awaitable[Taken]]) -> bool:
        """Whether one call may be made now. `ask` takes calls from the rate; raises as it does."""
        self._wanted += 1
        try:
            async with self._asking:
                if self.left() == 0 and not await self._refill(ask):
                    return False
                self._left -= 1
                self._made += 1
                return True
        finally:
            self._wanted -= 1

    async def _refill(self, ask: Callable[[int], Awaitable[Taken]]) -> bool:
        now = clock.monotonic()
        is_new = now >= self._until
        if self._is_used_up and not is_new:
            return False
        asked = max(self._wanted, self._made if is_new else 0)
        taken = await ask(asked)
        if is_new:
            self._made = 0
        self._is_used_up = taken.calls < asked
        # From before the question: never longer than the database means it.
        self._left, self._until = taken.calls, now + taken.seconds
        return taken.calls > 0
