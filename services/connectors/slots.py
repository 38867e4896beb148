"""The slots of one connection that are this worker's, and the calls that wait for one for a moment. In memory alone."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from infra import clock

IN_HAND_SECONDS: Final = 0.1
"""A call of a side that answers quickly waits so long for a slot before its run is set aside: a commit costs more."""
_WORTH_SECONDS: Final = 0.05
_COMING_SECONDS: Final = 0.3
"""Runs that were called from the line and have not come by then were taken by another worker."""
_NEWEST: Final = 0.2


class Slots:
    """One for each connection. `taken`: calls under way here."""

    def __init__(self) -> None:
        self.taken = 0
        self._in_hand: deque[asyncio.Future[None]] = deque()
        self._mean = 0.0
        self._coming = 0
        self._coming_until = 0.0

    def room(self, part: int) -> int:
        """Runs to be called from the line now; more than there are slots free while the side answers quickly."""
        slots = part * 2 if self.is_quick(part) else part
        return max(slots - self.taken - len(self._in_hand) - self._expected(), 0)

    def expect(self, runs: int) -> None:
        """`runs` were called from the line."""
        self._coming = self._expected() + runs
        self._coming_until = clock.monotonic() + _COMING_SECONDS

    def is_quick(self, part: int) -> bool:
        """Whether a slot comes free so soon that a call may wait for it with its worker."""
        return part > 0 and (len(self._in_hand) + 1) * self._mean <= _WORTH_SECONDS * part

    async def take(self, part: int, *, has_waited: bool, probing: bool = False) -> bool:
        """Take one of `part` slots; False: there is none, and the run is to be set aside.

        `has_waited`: it was called from the line, so that it comes before calls that were not.
        `probing`: it takes one more where there is none, as calls that hang may hold them all.
        """
        is_quick = self.is_quick(part)
        if has_waited:
            self._coming = max(self._coming - 1, 0)
        # Of a side that answers quickly no slot is kept: who is called gets the next one.
        kept = 0 if has_waited or is_quick else self._expected()
        if probing or self.taken + kept < part:
            self.taken += 1
            return True
        return is_quick and await self._wait(part)

    async def _wait(self, part: int) -> bool:
        turn = asyncio.get_running_loop().create_future()
        self._in_hand.append(turn)
        try:
            await asyncio.wait([turn], timeout=IN_HAND_SECONDS)
        except BaseException:
            if turn.done():
                self.leave(part)
            raise
        finally:
            if not turn.done():
                self._in_hand.remove(turn)
        if not turn.done():
            # Slow, until answers that come quickly say otherwise.
            self._mean = max(self._mean, IN_HAND_SECONDS * part)
            return False
        return True

    def leave(self, part: int, seconds: float | None = None) -> None:
        """Give a slot back; `seconds` that its call took, where one was made. Who waits in hand gets it."""
        self.taken -= 1
        if seconds is not None:
            self._mean += (seconds - self._mean) * _NEWEST
        while self._in_hand and self.taken < part:
            self.taken += 1
            self._in_hand.popleft().set_result(None)

    def _expected(self) -> int:
        return self._coming if clock.monotonic() < self._coming_until else 0
