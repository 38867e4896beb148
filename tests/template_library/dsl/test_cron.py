"""Next occurrences, around changes of the clocks as well."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from template_library.dsl import cron


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def occurrences(expression: str, start: str, count: int) -> list[str]:
    """In UTC, without seconds."""
    found, now = [], moment(start)
    for _ in range(count):
        following = cron.next_after(expression, now)
        assert following is not None
        assert following > now
        now = following
        found.append(datetime.fromtimestamp(now / 1000, UTC).strftime("%m-%dT%H:%M"))
    return found


def test_without_a_zone_the_fields_are_utc() -> None:
    assert occurrences("30 6 * * MON-FRI", "2026-01-02T06:30:00+00:00", 2) == ["01-05T06:30", "01-06T06:30"]
    assert occurrences("0 0 1 1 *", "2026-01-01T00:00:00.001+00:00", 1) == ["01-01T00:00"]


def test_an_occurrence_is_behind_the_moment_and_never_at_it() -> None:
    noon = moment("2026-01-01T12:00:00+00:00")
    assert cron.next_after("0 12 * * *", noon - 1) == noon
    assert cron.next_after("0 12 * * *", noon) == noon + 86_400_000
    assert cron.next_after("0 12 * * *", noon + 999) == noon + 86_400_000


def test_a_zone_goes_before_the_fields() -> None:
    assert occurrences("CRON_TZ=Europe/Berlin 0 6 * * *", "2026-07-01T00:00:00+00:00", 1) == ["07-01T04:00"]
    assert occurrences("TZ=Asia/Kolkata 0 6 * * *", "2026-07-01T01:00:00+00:00", 1) == ["07-02T00:30"]
    assert occurrences("CRON_TZ=UTC 0 6 * * *", "2026-07-01T00:00:00+00:00", 1) == ["07-01T06:00"]


def test_what_falls_into_the_hour_left_out_runs_right_behind_it() -> None:
    found = occurrences("CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-28T00:00:00+00:00", 3)
    assert found == ["03-28T01:30", "03-29T01:00", "03-30T00:30"]


def test_what_falls_into_the_hour_that_comes_twice_runs_once() -> None:
    expression = "CRON_TZ=Europe/Berlin 30 2 * * *"
    assert occurrences(expression, "2026-10-24T00:00:00+00:00", 3) == ["10-24T00:30", "10-25T00:30", "10-26T01:30"]
    # Asked in the second of the two hours: the first is over.
    assert occurrences(expression, "2026-10-25T01:05:00+00:00", 1) == ["10-26T01:30"]


def test_every_hour_is_every_hour_of_the_clock() -> None:
    found = occurrences("CRON_TZ=Europe/Berlin 0 * * * *", "2026-10-24T23:30:00+00:00", 3)
    assert found == ["10-25T00:00", "10-25T01:00", "10-25T02:00"]


def test_with_a_star_the_real_minutes_count() -> None:
    expression = "CRON_TZ=Europe/Berlin */20 2 * * *"
    assert occurrences(expression, "2026-03-29T00:00:00+00:00", 1) == ["03-30T00:00"], "none of the hour left out"
    found = occurrences(expression, "2026-10-24T23:00:00+00:00", 7)
    assert found[-2:] == ["10-25T01:40", "10-26T01:00"], "both of the hour that comes twice"


def test_last_and_nth_days_have_forms_of_their_own() -> None:
    start = "2026-01-01T00:00:00+00:00"
    assert occurrences("0 0 L * *", start, 2) == ["01-31T00:00", "02-28T00:00"]
    assert occurrences("0 0 LW * *", start, 1) == ["01-30T00:00"]
    assert occurrences("0 0 * * 5L", start, 1) == ["01-30T00:00"]
    assert occurrences("0 0 * * MON#1", start, 2) == ["01-05T00:00", "02-02T00:00"]


def test_F_17_a_leap_day_comes_when_there_is_one_and_2038_is_a_year_like_any_other() -> None:
    assert occurrences("0 0 29 2 *", "2026-03-01T00:00:00+00:00", 2) == ["02-29T00:00", "02-29T00:00"]
    leap = cron.next_after("0 0 29 2 *", moment("2096-03-01T00:00:00+00:00"))
    assert leap == moment("2104-02-29T00:00:00+00:00"), "2100 has none"
    # Seconds since 1970 leave 32 bits on 19 January 2038, 03:14:07.
    found = occurrences("14 3 * * *", "2038-01-18T12:00:00+00:00", 3)
    assert found == ["01-19T03:14", "01-20T03:14", "01-21T03:14"]
    # Zones follow their rule beyond their table, which ends in 2037.
    found = occurrences("CRON_TZ=Europe/Berlin 30 2 * * *", "2040-03-24T00:00:00+00:00", 3)
    assert found == ["03-24T01:30", "03-25T01:00", "03-26T00:30"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "America/Havana"])
@pytest.mark.parametrize("fields", ["30 2 * * *", "0 0 * * *", "*/20 1-3 * * *", "0 * * * *", "59 1 * * SUN"])
def test_occurrences_of_a_year_follow_one_another(zone: str, fields: str) -> None:
    now = moment("2026-01-01T00:00:00+00:00")
    found = []
    for _ in range(120):
        following = cron.next_after(f"CRON_TZ={zone} {fields}", now)
        assert following is not None
        found.append(following)
        now = following + 86_400_000 * 2  # steps over both changes of the year
    assert all(one < two for one, two in pairwise(found))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "5 fields"),
        ("@daily", "5 fields"),
        ("0 0 * * * *", "5 fields"),
        ("60 * * * *", "wrong minute"),
        ("* 24 * * *", "wrong hour"),
        ("* * 0 * *", "wrong day-of-month"),
        ("* * * 13 *", "wrong month"),
        ("* * * * FUN", "wrong day-of-week"),
        ("*/0 * * * *", "wrong minute"),
        ("0 0 30 2 *", "wrong day-of-month"),
        ("* * */20 * 1L", "no day of any year"),
        ("CRON_TZ=Nowhere/Else 0 0 * * *", "no time zone"),
        ("CRON_TZ=../../etc/passwd 0 0 * * *", "no time zone"),
        ("CRON_TZ= 0 0 * * *", "no time zone"),
        ("0 " * 300, "at most 500"),
    ],
)
def test_what_is_no_cron_expression_is_refused_with_words(expression: str, words: str) -> None:
    with pytest.raises(cron.CronError, match=words):
        cron.check(expression)


_FIELD = st.sampled_from(
    ["*", "*/7", "5", "1-5", "1,3", "L", "LW", "MON", "1#2", "5L", "x", "1-", "99999", "²", "/2", "1#2/3"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_FIELD, min_size=4, max_size=6).map(" ".join) | st.text(max_size=30))
def test_no_text_raises_anything_else(expression: str) -> None:
    with contextlib.suppress(cron.CronError):
        cron.check(expression)
        assert cron.next_after(expression, 0) is not None
