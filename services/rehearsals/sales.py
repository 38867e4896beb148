"""Which run of a scenario sold which order, by the same rules as `services.holds.selling` (ADR 0140)."""

from __future__ import annotations

from uuid import UUID

import msgspec

from services.holds.selling import Earlier, Selling, not_its_own
from services.rehearsals.times import Time
from template_library.holds import Sold


class Sales:
    """Runs come one after the other here: each but the one that asks has ended."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._sales: dict[tuple[str, str], Earlier] = {}

    def earlier(self, order: str, customer: str, run: UUID, within_days: int | None) -> Earlier | None:
        found = self._found(order, customer, run)
        return found if found is not None and found.counts(self._time.instant, within_days) else None

    def claim(self, wanted: Selling) -> Earlier | None:
        """What keeps the run from it; None: it is this run's to sell."""
        found, now = self._found(wanted.order, wanted.customer, wanted.run), self._time.instant
        if found is not None and found.keeps(wanted, now):
            return found
        if found is None or (found.run, found.digest) != (wanted.run, wanted.digest):
            self._sales[wanted.customer, wanted.order] = Earlier(
                run=wanted.run, digest=wanted.digest, taken_at=now, sold_at=None, sale=None, is_under_way=True
            )
        return None

    def note(self, said: Sold, run: UUID) -> None:
        """Raises SoldByAnother."""
        found = self._sales.get((said.customer, said.order))
        if found is None or found.run != run:
            raise not_its_own(said)
        self._sales[said.customer, said.order] = msgspec.structs.replace(
            found, sold_at=found.sold_at or self._time.instant, sale=said.sale
        )

    def _found(self, order: str, customer: str, run: UUID) -> Earlier | None:
        found = self._sales.get((customer, order))
        return None if found is None else msgspec.structs.replace(found, is_under_way=found.run == run)
