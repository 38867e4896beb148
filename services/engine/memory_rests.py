"""Calls of a run in memory that were put off: called again by the run's clock, so that nobody waits for an outage.

What a person or a hold keeps is asked about each time that anything has moved, as the product calls such a run.
"""

from __future__ import annotations

from typing import Final

import msgspec

from services.engine import decisions
from services.engine.functions import Later
from services.engine.state import Snapshot
from services.engine.waits import Effect

_CALLED: Final = frozenset({"person", "hold"})
_CHANCE: Final = 0.5


class Rest(msgspec.Struct):
    """One of them.

    Attributes:
        until: when it is called again at the latest, Unix milliseconds; None: nothing that is known of calls it.
        first: when it was put off first.
        attempt: of the next call.
        is_due: it is to be called again now.
    """

    effect: Effect
    until: int | None
    first: int
    attempt: int
    is_called: bool
    is_due: bool = False


class Rests:
    """By strand; of one run."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds of the run's clock for which an outage is waited for."""
        self._patience = patience
        self._held: dict[int, Rest] = {}

    def of(self, strand: int, effect: Effect) -> Rest | None:
        found = self._held.get(strand)
        return found if found is not None and found.effect == effect else None

    def is_resting(self, strand: int, effect: Effect) -> bool:
        found = self.of(strand, effect)
        return found is not None and not found.is_due

    @property
    def due(self) -> int | None:
        return min((one.until for one in self._held.values() if one.until is not None), default=None)

    def put(self, strand: int, effect: Effect, later: Later, now: int) -> bool:
        """Whether it is called again; False: the patience is over."""
        before = self.of(strand, effect)
        first, attempt = (now, 1) if before is None else (before.first, before.attempt)
        is_called = later.line in _CALLED
        if later.parked and is_called:
            until = None if later.seconds is None else now + max(int(later.seconds * 1000), 1)
        else:
            until = now + max(int(decisions.delay(later, attempt, _CHANCE) * 1000), 1)
            attempt += 0 if later.parked else 1
            if until - first > self._patience * 1000:
                return False
        self._held[strand] = Rest(effect, until, first, attempt, is_called)
        return True

    def gone(self, snapshot: Snapshot) -> list[Effect]:
        """Forget those that the run waits for no more; answers them."""
        awaited = {strand.id: calling.effect for strand, calling in snapshot.calls()}
        left = [strand for strand, one in self._held.items() if awaited.get(strand) != one.effect]
        return [self._held.pop(strand).effect for strand in left]

    def answered(self, strand: int) -> None:
        self._held.pop(strand, None)

    def wake(self, now: int) -> None:
        """Something has moved, or the clock has."""
        for one in self._held.values():
            one.is_due = one.is_called or (one.until is not None and one.until <= now)
