"""What is wrong with a calendar as it is written, with a pointer to each place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from template_library.schemas import Breach
from tenants.calendars.calendar import minute_of
from tenants.calendars.definition import Shift, Written
from tenants.calendars.zones import UnknownZone, zone_of

_DAY: Final = 1_440
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def mistakes(written: Written) -> list[Breach]:
    """All that can be told without knowing the client's sites and the public holidays."""
    return [*_zone(written), *_week(written), *_days(written), *_cut_offs(written), *_sites(written)]


def _zone(written: Written) -> Iterator[Breach]:
    try:
        zone_of(written.time_zone)
    except UnknownZone:
        yield Breach("/time_zone", "name a time zone as the IANA does, such as Europe/Berlin")


def _week(written: Written) -> Iterator[Breach]:
    for name, shifts in zip(_WEEKDAYS, written.week.days, strict=True):
        yield from _shifts(f"/week/{name}", shifts)


def _days(written: Written) -> Iterator[Breach]:
    yield from _twice("/holidays", [one.day for one in written.holidays])
    yield from _twice("/special_days", [one.day for one in written.special_days])
    for place, one in enumerate(written.special_days):
        yield from _shifts(f"/special_days/{place}/shifts", one.shifts)


def _cut_offs(written: Written) -> Iterator[Breach]:
    yield from _twice("/cut_offs", [(one.name, one.site) for one in written.cut_offs])
    for place, one in enumerate(written.cut_offs):
        if one.site is not None and one.site not in written.sites and not written.default:
            yield Breach(f"/cut_offs/{place}/site", "the calendar is not for this site: name it in `sites`, too")


def _sites(written: Written) -> Iterator[Breach]:
    yield from _twice("/sites", written.sites)
    yield from _twice("/public_holidays", [(one.country, one.subdivision) for one in written.public_holidays])


def _shifts(pointer: str, shifts: list[Shift]) -> Iterator[Breach]:
    spans = []
    for place, one in enumerate(shifts):
        begins, ends = minute_of(one.opens), minute_of(one.closes)
        if begins == _DAY:
            yield Breach(f"{pointer}/{place}/opens", "a shift that begins at 24:00 is the next day's at 00:00")
        elif begins == ends:
            yield Breach(f"{pointer}/{place}/closes", "a shift has a length; a whole day is from 00:00 to 24:00")
        else:
            spans.append((begins, ends if ends > begins else ends + _DAY))
    if any(later[0] < earlier[1] for earlier, later in pairwise(sorted(spans))):
        yield Breach(pointer, "two shifts of one day overlap")


def _twice(pointer: str, named: Iterable[object]) -> Iterator[Breach]:
    seen: set[object] = set()
    for place, one in enumerate(named):
        if one in seen:
            yield Breach(f"{pointer}/{place}", "this is named twice")
        seen.add(one)
