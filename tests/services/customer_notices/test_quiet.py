"""A notice waits for open time, and does not wait until the promise that it is about is broken."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from services.customer_notices import quiet
from services.customer_notices.quiet import Moment
from template_library import notices
from template_library.notices import Promise
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.definition import Definition


def calendar(**week: list[dict[str, str]]) -> Calendar:
    return Calendar("office", msgspec.convert({"time_zone": "Europe/Berlin", "week": week}, Definition))


OFFICE = calendar(monday=[{"opens": "08:00", "closes": "17:00"}], tuesday=[{"opens": "08:00", "closes": "17:00"}])
NIGHT = datetime(2026, 3, 2, 20, tzinfo=UTC)
"""Of a Monday."""
MORNING = datetime(2026, 3, 3, 7, tzinfo=UTC)


def test_it_goes_out_in_open_time_and_waits_for_that_in_quiet_hours() -> None:
    open_now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert quiet.moment(open_now, OFFICE, None) == Moment(open_now)
    assert quiet.moment(NIGHT, OFFICE, None) == Moment(MORNING, waits=True)
    assert quiet.moment(NIGHT, None, None) == Moment(NIGHT), "a client without a calendar has no quiet hours"


@pytest.mark.parametrize(
    ("was", "waits"),
    [
        ("2026-03-02", False),
        ("2026-03-03T06:59:00Z", False),
        ("2026-03-03T07:00:00Z", False),
        ("2026-03-03T08:00:00Z", True),
        ("2026-03-03", True),
        ("2026-03-01", False),
    ],
)
def test_a_delay_is_told_before_the_promise_breaks_at_night_too(was: str, *, waits: bool) -> None:
    found = quiet.moment(NIGHT, OFFICE, Promise(was=was, now="2026-03-09"))
    assert found == (Moment(MORNING, waits=True) if waits else Moment(NIGHT))


def test_only_a_later_promise_is_a_delay_and_a_calendar_that_never_opens_says_so() -> None:
    assert notices.is_later(Promise(was="2026-03-04", now="2026-03-05"))
    assert not notices.is_later(Promise(was="2026-03-04", now="2026-03-04T18:00:00Z")), "the day is not over"
    assert not notices.is_later(Promise(was="2026-03-04", now="2026-03-03"))
    with pytest.raises(NeverOpen):
        quiet.moment(NIGHT, calendar(), None)
