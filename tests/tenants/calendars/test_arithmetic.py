"""Known cases of business time: holidays, shifts over midnight, and the days on which the clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tenants.calendars.arithmetic import UnknownCutOff, after, between, cut_off, next_cut_off
from tenants.calendars.calendar import Calendar, NeverOpen
from tests.tenants.calendars.examples import ALWAYS, NIGHTS, calendar

BERLIN = calendar(
    holidays=[{"day": "2026-12-25", "name": "Christmas Day"}],
    public_days=[{"day": "2027-01-01"}],
    special_days=[
        {"day": "2026-12-24", "shifts": [{"opens": "08:00", "closes": "12:00"}], "reason": "short"},
        {"day": "2026-12-26", "shifts": [{"opens": "09:00", "closes": "13:00"}], "reason": "open, a Saturday"},
        {"day": "2026-12-28", "reason": "stock-taking"},
    ],
    cut_offs=[{"name": "release", "at": "16:30"}, {"name": "release", "at": "11:00", "site": "reno"}],
)
BERLIN_NIGHTS = calendar(week=NIGHTS)
BERLIN_ALWAYS = calendar(week=ALWAYS)
YORK_NIGHTS = calendar("America/New_York", NIGHTS)
YORK = calendar("America/New_York")
SAMOA = calendar("Pacific/Apia", {"friday": [{"opens": "08:00", "closes": "17:00"}]})


def at(zone: str, text: str) -> datetime:
    """`text` with `+1` behind it is the second of the two that the clocks show."""
    return datetime.fromisoformat(text.removesuffix("+1")).replace(tzinfo=ZoneInfo(zone), fold=int(text.endswith("+1")))


@pytest.mark.parametrize(
    ("its", "began", "minutes", "ends"),
    [
        # Within a day, over the break, over the night, over a weekend.
        (BERLIN, "2026-11-23 09:00", 60, "2026-11-23 10:00"),
        (BERLIN, "2026-11-23 11:30", 60, "2026-11-23 13:30"),
        (BERLIN, "2026-11-23 16:30", 60, "2026-11-24 08:30"),
        (BERLIN, "2026-11-27 16:30", 60, "2026-11-30 08:30"),
        # From closed time it begins with the next opening, and the end of a shift is not the next one's beginning.
        (BERLIN, "2026-11-28 03:00", 60, "2026-11-30 09:00"),
        (BERLIN, "2026-11-23 08:00", 480, "2026-11-23 17:00"),
        (BERLIN, "2026-11-23 08:00", 240, "2026-11-23 12:00"),
        (BERLIN, "2026-11-28 03:00", 0, "2026-11-28 03:00"),
        # A short day, a holiday, a Saturday that is open, a Monday that is closed.
        (BERLIN, "2026-12-24 11:00", 120, "2026-12-26 10:00"),
        (BERLIN, "2026-12-26 12:00", 120, "2026-12-29 09:00"),
        (BERLIN, "2026-12-31 16:00", 120, "2027-01-04 09:00"),
        # A night shift is that of the evening on which it begins.
        (BERLIN_NIGHTS, "2026-11-23 23:00", 7 * 60, "2026-11-24 06:00"),
        (BERLIN_NIGHTS, "2026-11-23 23:00", 7 * 60 + 1, "2026-11-24 22:01"),
        # Berlin: the clocks go from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October 2026.
        (BERLIN_NIGHTS, "2026-03-28 22:00", 7 * 60, "2026-03-29 06:00"),
        (BERLIN_NIGHTS, "2026-03-28 22:00", 4 * 60, "2026-03-29 03:00"),
        (BERLIN_NIGHTS, "2026-10-24 22:00", 9 * 60, "2026-10-25 06:00"),
        (BERLIN_NIGHTS, "2026-10-24 22:00", 4 * 60 + 30, "2026-10-25 02:30"),
        (BERLIN_NIGHTS, "2026-10-24 22:00", 5 * 60 + 30, "2026-10-25 02:30+1"),
        (BERLIN_ALWAYS, "2026-03-29 00:00", 23 * 60, "2026-03-30 00:00"),
        (BERLIN_ALWAYS, "2026-10-25 00:00", 25 * 60, "2026-10-26 00:00"),
        # New York: 8 March and 1 November 2026, at 02:00.
        (YORK_NIGHTS, "2026-03-07 22:00", 7 * 60, "2026-03-08 06:00"),
        (YORK_NIGHTS, "2026-10-31 22:00", 9 * 60, "2026-11-01 06:00"),
        (YORK, "2026-03-06 16:00", 120, "2026-03-09 09:00"),
    ],
)
def test_so_much_business_time_has_passed_at(its: Calendar, began: str, minutes: int, ends: str) -> None:
    first, last = at(its.zone.key, began), at(its.zone.key, ends)
    found = after(its, first, timedelta(minutes=minutes))
    assert (found, found.tzinfo) == (last.astimezone(UTC), UTC)
    assert between(its, first, found) == timedelta(minutes=minutes)
    assert between(its, found, first) == -timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("opens", "closes", "day", "minutes"),
    [
        ("01:00", "02:30", "2026-03-29", 60),  # it ends in the hour that is missing: at the jump
        ("02:30", "05:00", "2026-03-29", 120),  # it begins there
        ("02:10", "02:50", "2026-03-29", 0),
        ("01:00", "02:30", "2026-10-25", 90),  # it ends in the hour that comes twice: the first time
        ("02:30", "05:00", "2026-10-25", 210),
        ("02:10", "02:50", "2026-10-25", 40),
    ],
)
def test_a_shift_that_ends_within_a_change_of_the_clocks(opens: str, closes: str, day: str, minutes: int) -> None:
    its = calendar(week={"sunday": [{"opens": opens, "closes": closes}]})
    morning = at("Europe/Berlin", f"{day} 00:00")
    assert between(its, morning, morning.astimezone(UTC) + timedelta(days=1)) == timedelta(minutes=minutes)


def test_a_day_that_a_place_never_had_is_not_open() -> None:
    # Samoa went over the date line: 30 December 2011, a Friday, was left out.
    since = at("Pacific/Apia", "2011-12-28 00:00")
    assert after(SAMOA, since, timedelta(hours=1)) == at("Pacific/Apia", "2012-01-06 09:00")


def test_shifts_that_run_into_one_another_count_once() -> None:
    week = {"monday": [{"opens": "22:00", "closes": "06:00"}], "tuesday": [{"opens": "05:00", "closes": "14:00"}]}
    monday = at("Europe/Berlin", "2026-11-23 00:00")
    assert between(calendar(week=week), monday, monday + timedelta(days=7)) == timedelta(hours=16)


@pytest.mark.parametrize(
    ("day", "site", "found"),
    [
        ("2026-11-23", None, "2026-11-23 16:30"),
        ("2026-11-23", "reno", "2026-11-23 11:00"),
        ("2026-11-23", "austin", "2026-11-23 16:30"),
        ("2026-12-24", None, "2026-12-24 12:00"),  # it closes earlier
        ("2026-12-25", None, None),
        ("2026-11-28", None, None),
    ],
)
def test_a_cut_off_is_by_the_clocks_of_the_place(day: str, site: str | None, found: str | None) -> None:
    wanted = None if found is None else at("Europe/Berlin", found)
    assert cut_off(BERLIN, "release", date.fromisoformat(day), site) == wanted


def test_the_next_cut_off_is_the_first_that_is_not_over() -> None:
    for began, ends in (
        ("2026-11-27 16:30", "2026-11-27 16:30"),
        ("2026-11-27 16:31", "2026-11-30 16:30"),
        ("2026-12-24 12:01", "2026-12-26 13:00"),
    ):
        assert next_cut_off(BERLIN, "release", at("Europe/Berlin", began)) == at("Europe/Berlin", ends)
    with pytest.raises(UnknownCutOff, match="no cut-off `pick`"):
        cut_off(BERLIN, "pick", date(2026, 11, 23))


@pytest.mark.parametrize("week", [{}, {"sunday": [{"opens": "02:10", "closes": "02:20"}]}])
def test_years_without_open_time_are_an_error_that_says_so(week: dict[str, object]) -> None:
    its = calendar(week=week, cut_offs=[{"name": "x", "at": "12:00"}])
    now = datetime(2026, 11, 23, tzinfo=UTC)
    with pytest.raises(NeverOpen, match="`test` has no 365 days, 0:00:00 of open time within ten years of 2026-11-23"):
        after(its, now, timedelta(days=365))
    if not week:
        assert between(its, now, now + timedelta(days=3_000)) == timedelta(0)
        with pytest.raises(NeverOpen, match="no open day"):
            next_cut_off(its, "x", now)


def test_what_no_calendar_has_is_refused() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    with pytest.raises(ValueError, match="negative"):
        after(BERLIN, now, timedelta(minutes=-1))
    with pytest.raises(ValueError, match="needs its zone"):
        after(BERLIN, now.replace(tzinfo=None), timedelta(minutes=1))
    for extreme in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(NeverOpen):
            after(calendar(week={}), extreme, timedelta(minutes=1))
    with pytest.raises(NeverOpen, match="more than ten years apart"):
        between(BERLIN, now, now + timedelta(days=4_000))
