"""Open exceptions by what is at stake in them times the probability that they are late: read from indexes (ADR 0116).

`probability = 2 ** -(what is left until breach_at / 8 hours)`, and 1 from then on. The order of two that are not late
never changes: it is that of `log2(value) - breach_at / 8 h`. Of two that are late it is that of the value. Each part is
read from its index, and joined: no more rows are looked at than parts times the page.

All pages have the order of the moment at which the first one was read, also of what was late by then and is not marked
yet, and of what has become late since: none is skipped, and none is shown twice, whatever the sweep marks in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import DateTime, Double, Select, desc, func, literal, select, text, tuple_, union_all

from infra import clock
from infra.pagination import Page
from services.exceptions import reading
from services.exceptions.reading import COLUMNS, Filter, found, joined
from services.exceptions.tables import ExceptionRow

Sort = reading.Sort | Literal["risk"]
HALVES: Final = 28_800.0
"""Seconds in which the probability doubles; the trigger `own` writes `pressure` by the same (`54_ownership.sql`)."""
_SLACK: Final = 1e-6
_LATE: Final = text("exception.state = 'open' AND exception.is_late")
_EARLY: Final = text("exception.state = 'open' AND NOT exception.is_late")


def probability(breach_at: datetime, now: datetime) -> float:
    """That something which is to be done with by `breach_at` is not: 1 once that has passed."""
    left = max((breach_at - now).total_seconds(), 0.0)
    return float(2.0 ** -min(left / HALVES, 1_000.0))


def at_risk(as_of: float) -> Any:
    """Value times probability, as an expression over the table of exceptions; `as_of` in seconds since 1970."""
    row = ExceptionRow
    left = func.greatest(func.date_part("epoch", row.breach_at) - as_of, 0.0) / HALVES
    return row.value * func.power(literal(2.0, Double()), -func.least(left, 1_000.0))


def listing(tenant: UUID, page: Page, only: Filter) -> Select[Any]:
    """The page, the riskiest first; those without a value behind all others, the most urgent first. Of open ones."""
    after = _after(page)
    owners: Sequence[str | None] = only.owners or [None]
    parts = [_part(tenant, page.limit, _owned(only, owner), after, part) for owner in owners for part in _PARTS]
    all_of = union_all(*(select(one.subquery()) for one in parts)).subquery()
    order = (desc(all_of.c.place), desc(all_of.c.exception_id))
    some = select(all_of).order_by(*order).limit(page.limit + 1).subquery()
    moment: Any = literal(after.as_of, Double()).label("as_of")
    query = joined((*COLUMNS, some.c.place.label("place"), moment), tenant)
    query = query.join(some, some.c.exception_id == ExceptionRow.exception_id)
    return query.order_by(desc(some.c.place), desc(some.c.exception_id))


def position(row: Mapping[Any, Any]) -> str:
    """Where a page that ends with `row` goes on: in the order of the moment at which the first page was read."""
    return f"{row['as_of']!r} {row['place']!r} {row['exception_id']}"


class _After(msgspec.Struct, frozen=True):
    """The moment that the order is of, and the last row that was shown."""

    as_of: float
    place: float | None = None
    last: UUID | None = None


def _after(page: Page) -> _After:
    if page.after is None:
        return _After(clock.now().timestamp())
    as_of, place, last = page.after.split(" ")
    return _After(float(as_of), float(place), UUID(last))


def _owned(only: Filter, owner: str | None) -> Filter:
    return only if owner is None else replace(only, owners=None, owner=owner)


class _Part(msgspec.Struct, frozen=True):
    """`is_marked`: as late, by the sweep. `was_late`: at the moment that the order is of."""

    is_marked: bool
    was_late: bool


_PARTS: Final = (_Part(True, True), _Part(False, False), _Part(True, False), _Part(False, True))
"""The last two are of what became late between the first page and now, and of what the sweep has not marked yet."""


def _part(tenant: UUID, limit: int, only: Filter, after: _After, part: _Part) -> Select[Any]:
    row = ExceptionRow
    shift = 0.0 if part.was_late else after.as_of / HALVES
    column: Any = row.stake if part.was_late else row.pressure
    ranked: Any = column if part.was_late else column + literal(shift, Double())
    query = found((row.exception_id, ranked.label("place")), tenant, only).where(_LATE if part.is_marked else _EARLY)
    moment = literal(datetime.fromtimestamp(after.as_of, UTC), DateTime(timezone=True))
    query = query.where(row.breach_at <= moment if part.was_late else row.breach_at > moment)
    if after.place is not None:
        # The index takes the bound with some slack, since a sum is rounded; the row itself is compared as it was shown.
        query = query.where(column <= literal(after.place - shift + _SLACK, Double()))
        seen = tuple_(literal(after.place, Double()), literal(after.last))
        query = query.where(tuple_(ranked, row.exception_id) < seen)
    return query.order_by(desc(column), desc(row.exception_id)).limit(limit + 1)
