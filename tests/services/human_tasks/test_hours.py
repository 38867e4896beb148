"""Nobody is written to while the calendar is closed, and the daily mail comes with the first shift of a day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.human_tasks import hours
from tests.tenants.calendars.examples import calendar


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T09:00:00", None),
        ("2026-11-23T11:30:00", "2026-11-23T12:00:00"),
        ("2026-11-23T20:00:00", "2026-11-24T07:00:00"),
        ("2026-11-28T09:00:00", "2026-11-30T07:00:00"),
    ],
)
def test_what_comes_while_it_is_closed_waits_for_the_next_shift(moment: str, opens: str | None) -> None:
    assert hours.opens(calendar(), at(moment)) == (opens and at(opens))
    assert hours.opens(None, at(moment)) is None


def test_a_calendar_that_never_opens_keeps_nobody_from_being_told() -> None:
    assert hours.opens(calendar(week={}), at("2026-11-23T09:00:00")) is None


@pytest.mark.parametrize(
    ("moment", "morning"),
    [
        ("2026-11-23T05:00:00", "2026-11-24T07:00:00"),
        ("2026-11-27T16:00:00", "2026-11-30T07:00:00"),
        # The day is the calendar's own: in Berlin it is the 24th already.
        ("2026-11-23T23:30:00", "2026-11-25T07:00:00"),
    ],
)
def test_the_daily_mail_comes_with_the_first_shift_of_a_later_day(moment: str, morning: str) -> None:
    assert hours.next_morning(calendar(), at(moment)) == at(morning)


def test_without_a_calendar_it_comes_at_eight() -> None:
    assert hours.next_morning(None, at("2026-11-23T23:30:00")) == at("2026-11-24T08:00:00")
