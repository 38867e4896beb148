"""How often a caller may call: allowances that fill up steadily (S-66, ADR 0038).

One counter for each caller, the generic cell rate algorithm: the time at which its allowance is whole again. It costs
no round trip, and is the process's own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Final

import msgspec

from infra import clock

_REMEMBERED: Final = 100_000


class Allowed(msgspec.Struct, frozen=True):
    """What a call was told.

    Attributes:
        wait: seconds until it may be made; 0: now.
        left: calls that may follow at once.
        reset: seconds until the allowance is whole again.
    """

    wait: float
    left: int
    reset: float


class Rate:
    """So many calls a second in the long run, and `burst` at once."""

    def __init__(self, name: str, per_second: float, burst: int) -> None:
        self.name = name
        self.burst = burst
        self._spacing = 1 / per_second
        self._whole_at: dict[Hashable, float] = {}

    @property
    def window(self) -> int:
        """Seconds in which an allowance that is used up becomes whole."""
        return math.ceil(self.burst * self._spacing)

    def take(self, who: Hashable, cost: int = 1) -> Allowed:
        """Count a call that weighs as much as `cost` ordinary ones. One that has to wait is not counted."""
        now = clock.monotonic()
        whole_at = max(self._whole_at.get(who, now), now)
        then = whole_at + cost * self._spacing
        room = now + self.burst * self._spacing - then
        if room < 0:
            return Allowed(-room, 0, whole_at - now)
        if len(self._whole_at) >= _REMEMBERED and who not in self._whole_at:
            self._forget(now)
        self._whole_at[who] = then
        return Allowed(0, int(room / self._spacing), then - now)

    def _forget(self, now: float) -> None:
        """Forget whose allowance is whole. Where that is nobody, everybody begins anew: memory is bounded."""
        self._whole_at = {who: at for who, at in self._whole_at.items() if at > now}
        if len(self._whole_at) >= _REMEMBERED:
            self._whole_at = {}
