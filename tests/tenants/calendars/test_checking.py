"""What is wrong with a calendar is told with its place; and lengths of time in words of ISO 8601."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from template_library.dsl.durations import milliseconds
from tenants.calendars import checking, lengths, public_holidays
from tenants.calendars.definition import Holiday, PublicHolidays, Written
from tenants.calendars.public_holidays import NoSource, UnknownRegion

DAY = "2026-12-24"
SHIFT = {"opens": "08:00", "closes": "12:00"}


def pointers(**written: Any) -> list[str]:
    whole = {"time_zone": "Europe/Berlin"} | written
    return [one.pointer for one in checking.mistakes(msgspec.convert(whole, Written))]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({}, []),
        ({"time_zone": "Europe/Atlantis"}, ["/time_zone"]),
        ({"time_zone": "../../etc/passwd"}, ["/time_zone"]),
        ({"week": {"monday": [SHIFT, {"opens": "12:00", "closes": "17:00"}]}}, []),
        ({"week": {"monday": [SHIFT, {"opens": "11:59", "closes": "17:00"}]}}, ["/week/monday"]),
        ({"week": {"monday": [{"opens": "22:00", "closes": "06:00"}, SHIFT]}}, []),
        ({"week": {"monday": [{"opens": "22:00", "closes": "06:00"}, {"opens": "23:00", "closes": "23:30"}]}},
         ["/week/monday"]),
        ({"week": {"sunday": [{"opens": "24:00", "closes": "06:00"}]}}, ["/week/sunday/0/opens"]),
        ({"week": {"sunday": [{"opens": "06:00", "closes": "06:00"}]}}, ["/week/sunday/0/closes"]),
        ({"week": {"sunday": [{"opens": "00:00", "closes": "24:00"}]}}, []),
        ({"holidays": [{"day": DAY}, {"day": DAY}]}, ["/holidays/1"]),
        ({"special_days": [{"day": DAY, "shifts": [SHIFT, SHIFT]}, {"day": DAY}]},
         ["/special_days/1", "/special_days/0/shifts"]),
        ({"holidays": [{"day": DAY}], "special_days": [{"day": DAY}]}, []),
        ({"cut_offs": [{"name": "pick", "at": "16:30"}] * 2, "sites": ["reno", "reno"]}, ["/cut_offs/1", "/sites/1"]),
        ({"cut_offs": [{"name": "pick", "at": "16:30", "site": "reno"}]}, ["/cut_offs/0/site"]),
        ({"cut_offs": [{"name": "pick", "at": "16:30", "site": "reno"}], "default": True}, []),
        ({"public_holidays": [{"country": "DE"}, {"country": "DE"}]}, ["/public_holidays/1"]),
    ],
)  # fmt: skip
def test_every_mistake_has_its_place(written: dict[str, Any], found: list[str]) -> None:
    assert pointers(**written) == found


@pytest.mark.parametrize(
    "written",
    [
        {"week": {"monday": [{"opens": "8:00", "closes": "12:00"}]}},
        {"week": {"monday": [{"opens": "08:00", "closes": "24:01"}]}},
        {"week": {"holiday": []}},
        {"week": {"monday": [SHIFT] * 11}},
        {"sites": ["Reno\u0000"]},
        {"holidays": [{"day": "2026-02-30"}]},
        {"version": 7},
    ],
)
def test_what_has_another_form_is_none(written: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        pointers(**written)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(days=1, hours=2, minutes=30), "PT26H30M"),
        (timedelta(minutes=-15), "-PT15M"),
        (timedelta(seconds=1, milliseconds=250), "PT1.25S"),
        (timedelta(microseconds=1), "PT0.001S"),
        (timedelta(hours=1, seconds=1), "PT1H1S"),
    ],
)
def test_lengths_are_written_as_the_language_reads_them(length: timedelta, text: str) -> None:
    assert lengths.text(length) == text
    assert milliseconds(text.removeprefix("-")) == lengths.milliseconds(abs(length))


def test_public_holidays_are_those_of_all_regions_once_each() -> None:
    def source(region: PublicHolidays, years: Any) -> list[Holiday]:
        return [Holiday(date(year, 1, 1), region.country) for year in years]

    regions = [PublicHolidays(country="DE"), PublicHolidays(country="AT")]
    found = public_holidays.days(regions, [2027, 2026], source)
    assert found == [Holiday(date(2026, 1, 1), "DE"), Holiday(date(2027, 1, 1), "DE")]


def test_without_the_library_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_holidays, "library", None)
    with pytest.raises(NoSource):
        public_holidays.of_library(PublicHolidays(country="DE"), [2026])


@pytest.mark.skipif(public_holidays.library is None, reason="the extra `holidays` is not installed")
def test_the_library_knows_countries_and_their_parts() -> None:
    found = public_holidays.of_library(PublicHolidays(country="DE", subdivision="BY"), [2026])
    assert {date(2026, 1, 6), date(2026, 12, 25)} <= {one.day for one in found}
    assert date(2026, 1, 6) not in {one.day for one in public_holidays.of_library(PublicHolidays(country="DE"), [2026])}
    for unknown in (PublicHolidays(country="XX"), PublicHolidays(country="DE", subdivision="ZZ")):
        with pytest.raises(UnknownRegion):
            public_holidays.of_library(unknown, [2026])
