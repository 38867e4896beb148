"""When a calendar is open: its definition made ready for arithmetic. Reads no clock and no database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from tenants.calendars.definition import Definition, Shift
from tenants.calendars.zones import moment, zone_of

HORIZON: Final = timedelta(days=3_653)
"""Nothing is looked for farther away than ten years."""
_DAY: Final = 1_440
_KEPT: Final = 5_000
_BACK: Final = 2
"""Days before a moment's own in which a shift may begin that lasts until then."""


class NeverOpen(ValueError):
    """There is not so much open time within ten years. The words say which calendar's, and from when on."""


class Span(NamedTuple):
    """An open time, in UTC: from its first moment to the one behind its last."""

    begins: datetime
    ends: datetime


class Calendar:
    """One version of a calendar. Keeps the open times of days that it was asked for, and is safe to share."""

    def __init__(self, name: str, definition: Definition, version: int = 0) -> None:
        """`definition` was checked, see `checking`. Raises UnknownZone."""
        self.name = name
        self.version = version
        self.definition = definition
        self.zone = zone_of(definition.time_zone)
        self._week = tuple(_minutes(shifts) for shifts in definition.week.days)
        closed = [*definition.holidays, *definition.public_days]
        self._days: dict[date, tuple[tuple[int, int], ...]] = {one.day: () for one in closed}
        self._days.update((one.day, _minutes(one.shifts)) for one in definition.special_days)
        self._spans: dict[date, tuple[Span, ...]] = {}

    def shifts(self, day: date) -> tuple[tuple[int, int], ...]:
        """Those that begin on a day: minutes of the day, from and to; above 1440 they are the next day's."""
        found = self._days.get(day)
        return self._week[day.weekday()] if found is None else found

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def open_from(self, at: datetime, until: datetime | None = None) -> Iterator[Span]:
        """What is open from `at` on, in order and without overlaps, up to `until` or ten years on."""
        last = at + HORIZON if until is None else until
        reached = at
        day, last_day = self.local_day(at) - timedelta(days=_BACK), self.local_day(last)
        while day <= last_day:
            for begins, ends in self._of_day(day):
                if begins >= last:
                    return
                if ends > reached:
                    yield Span(max(begins, reached), min(ends, last))
                    reached = min(ends, last)
            day += timedelta(days=1)

    def _of_day(self, day: date) -> tuple[Span, ...]:
        found = self._spans.get(day)
        if found is None:
            if len(self._spans) >= _KEPT:
                self._spans.clear()
            spans = (Span(*(moment(self.zone, day, at) for at in one)) for one in self.shifts(day))
            # One that falls into a skipped hour or day altogether is none.
            found = self._spans[day] = tuple(one for one in spans if one.begins < one.ends)
        return found


def _minutes(shifts: list[Shift]) -> tuple[tuple[int, int], ...]:
    found = []
    for one in shifts:
        begins, ends = minute_of(one.opens), minute_of(one.closes)
        found.append((begins, ends if ends > begins else ends + _DAY))
    return tuple(sorted(found))


def minute_of(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)


def in_utc(at: datetime) -> datetime:
    """Raises ValueError: it has no zone."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise NeverOpen("such moments are in no calendar") from None
