"""Business time: how much of it lies between two moments, and when so much of it has passed. Pure, and exact.

For all moments and lengths: `between(a, after(a, d)) == d`; `after(after(a, d), e) == after(a, d + e)`; later moments
and longer lengths never give earlier answers. Held to that by `tests/tenants/calendars/test_arithmetic_properties.py`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from tenants.calendars.calendar import HORIZON, Calendar, NeverOpen, in_utc, minute_of
from tenants.calendars.definition import CutOff
from tenants.calendars.zones import moment

_NOTHING: Final = timedelta(0)


class UnknownCutOff(ValueError):
    """The calendar has no cut-off of this name for this site."""


def after(calendar: Calendar, at: datetime, business: timedelta) -> datetime:
    """The first moment by which so much business time has passed since `at`, in UTC.

    It is in open time or at its very end: eight hours from the morning of an eight-hour day is that evening, not the
    next morning. No time at all has passed at `at` itself, open or not.

    Raises:
        NeverOpen: not within ten years.
        ValueError: `business` is negative, or `at` has no zone.
    """
    if business < _NOTHING:
        raise ValueError("business time cannot be negative")
    began = in_utc(at)
    if not business:
        return began
    left = business
    try:
        for begins, ends in calendar.open_from(began):
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
    except OverflowError:
        pass
    raise NeverOpen(
        f"the calendar `{calendar.name}` has no {business} of open time within ten years of {began.isoformat()}"
    )


def between(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How much business time lies between two moments; negative where the second is before the first.

    Raises:
        NeverOpen: they are more than ten years apart.
        ValueError: one has no zone.
    """
    first, second = in_utc(since), in_utc(until)
    if second < first:
        return -between(calendar, second, first)
    if second - first > HORIZON:
        raise NeverOpen(f"{first.isoformat()} and {second.isoformat()} are more than ten years apart")
    try:
        return sum((ends - begins for begins, ends in calendar.open_from(first, second)), _NOTHING)
    except OverflowError:
        raise NeverOpen("such moments are in no calendar") from None


def cut_off(calendar: Calendar, name: str, day: date, site: str | None = None) -> datetime | None:
    """When a cut-off is on a day, in UTC; None on one on which no shift begins.

    On a day that closes earlier it is the closing: what comes later is not done on that day any more.

    Raises:
        UnknownCutOff: there is none of this name, for `site` or for all.
    """
    return _on(calendar, _named(calendar, name, site), day)


def _on(calendar: Calendar, its: CutOff, day: date) -> datetime | None:
    shifts = calendar.shifts(day)
    if not shifts:
        return None
    return moment(calendar.zone, day, min(minute_of(its.at), max(ends for _, ends in shifts)))


def next_cut_off(calendar: Calendar, name: str, at: datetime, site: str | None = None) -> datetime:
    """The first one that is not before `at`.

    Raises:
        UnknownCutOff: as for `cut_off`.
        NeverOpen: there is no open day within ten years.
        ValueError: `at` has no zone.
    """
    since, its = in_utc(at), _named(calendar, name, site)
    first = calendar.local_day(since)
    try:
        for count in range(-1, HORIZON.days):
            found = _on(calendar, its, first + timedelta(days=count))
            if found is not None and found >= since:
                return found
    except OverflowError:
        pass
    raise NeverOpen(f"the calendar `{calendar.name}` has no open day within ten years of {since.isoformat()}")


def _named(calendar: Calendar, name: str, site: str | None) -> CutOff:
    """A site's own comes before that of all."""
    found = {one.site: one for one in calendar.definition.cut_offs if one.name == name and one.site in {site, None}}
    its = found.get(site) or found.get(None)
    if its is None:
        raise UnknownCutOff(f"the calendar `{calendar.name}` has no cut-off `{name[:63]}`")
    return its
