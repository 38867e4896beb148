"""Business time for any calendar: its laws, and a walk from minute to minute over the clocks of the place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as some

from tenants.calendars.arithmetic import after, between
from tenants.calendars.calendar import Calendar, NeverOpen
from tests.tenants.calendars.examples import calendar

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC")
"""With clocks that change by an hour, by half of one, at midnight, and never."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANGES = [
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
]


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@some.composite
def shifts(draw: some.DrawFn) -> list[dict[str, str]]:
    """Up to two that do not overlap; the last may go over midnight."""
    marks = sorted(draw(some.sets(some.integers(0, 1439), min_size=4, max_size=4)))
    made = [{"opens": clock(marks[0]), "closes": clock(marks[1])}]
    if draw(some.booleans()):
        last = marks[3] if draw(some.booleans()) else marks[0]
        made.append({"opens": clock(marks[2]), "closes": clock(last)})
    return draw(some.sampled_from([made, made[:1], []]))


@some.composite
def calendars(draw: some.DrawFn) -> Calendar:
    week = {day: draw(shifts()) for day in DAYS}
    closed, special = draw(some.sets(some.sampled_from(CHANGES))), draw(some.sets(some.sampled_from(CHANGES)))
    days: Any = [{"day": one.isoformat(), "shifts": draw(shifts())} for one in special]
    zone = draw(some.sampled_from(ZONES))
    return calendar(zone, week, holidays=[{"day": one.isoformat()} for one in closed], special_days=days)


@some.composite
def moments(draw: some.DrawFn) -> datetime:
    day = draw(some.sampled_from(CHANGES))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=draw(some.integers(-3_000, 4_000)))


lengths = some.integers(0, 3_000).map(lambda minutes: timedelta(minutes=minutes))
some_times = settings(max_examples=60, deadline=None, derandomize=True)


@some_times
@given(calendars(), moments(), lengths, lengths, lengths)
def test_after_and_between_keep_their_laws(
    its: Calendar, first: datetime, one: timedelta, other: timedelta, later: timedelta
) -> None:
    try:
        found = after(its, first, one)
        further = after(its, found, other)
    except NeverOpen:
        assert not any(its.shifts(first.date() + timedelta(days=count)) for count in range(60, 67))
        return
    assert found >= first
    assert between(its, first, found) == one
    assert further == after(its, first, one + other) >= found, "lengths add up, and more is never earlier"
    assert after(its, first + later, one) >= found, "later is never earlier"
    middle, last = first + min(one, other), first + max(one, other)
    assert between(its, first, middle) + between(its, middle, last) == between(its, first, last)
    reached = between(its, first, last)
    assert after(its, first, reached) <= last
    assert timedelta(0) <= reached <= last - first


@some_times
@given(calendars(), moments(), some.integers(0, 2_000))
def test_between_is_what_a_walk_over_the_clocks_counts(its: Calendar, first: datetime, minutes: int) -> None:
    is_open = walked(its, first - timedelta(days=3), first + minutes * MINUTE)
    counted = sum(is_open[first + count * MINUTE] for count in range(minutes))
    assert between(its, first, first + minutes * MINUTE) == counted * MINUTE


def walked(its: Calendar, since: datetime, until: datetime) -> dict[datetime, bool]:
    """Whether each minute is open: a shift begins, and ends, as soon as the clock shows its time or a later one.

    Nothing of the calendar's own is used but the shifts of a day.
    """
    zone = ZoneInfo(its.definition.time_zone)
    first = since.astimezone(zone).replace(tzinfo=None)
    edges: list[list[datetime]] = []
    day = first.date() - timedelta(days=2)
    while day <= until.date() + timedelta(days=1):
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (what the clocks show)
        edges += [[midnight + edge * MINUTE for edge in one] for one in its.shifts(day)]
        day += timedelta(days=1)
    begun, over = set(), set()
    found = {}
    moment = since
    while moment <= until:
        shown = moment.astimezone(zone).replace(tzinfo=None)
        begun |= {place for place, (begins, _) in enumerate(edges) if shown >= begins}
        over |= {place for place, (_, ends) in enumerate(edges) if shown >= ends}
        found[moment] = bool(begun - over)
        moment += MINUTE
    return found
