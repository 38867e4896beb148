from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_library.dsl.durations import MOST, UNITS, DurationError, milliseconds, text

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("PT30S", 30 * SECOND),
        ("PT0S", 0),
        ("P1D", DAY),
        ("P1W2DT3H4M5S", 7 * DAY + 2 * DAY + 3 * HOUR + 4 * MINUTE + 5 * SECOND),
        ("PT0.5S", 500),
        ("PT1.5H", 90 * MINUTE),
        ("P0.5D", 12 * HOUR),
        ("PT0.0001S", 1),
        ("P365D", MOST),
        ({"days": 1, "hours": 2, "minutes": 3, "seconds": 4, "milliseconds": 5}, DAY + 2 * HOUR + 3 * MINUTE + 4_005),
        (1500, 1500),
    ],
)
def test_a_duration_is_whole_milliseconds_and_never_less_than_written(written: Any, expected: int) -> None:
    assert milliseconds(written) == expected


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "no ISO 8601"),
        ("P", "no ISO 8601"),
        ("PT", "no ISO 8601"),
        ("P1S", "no ISO 8601"),
        ("pt1s", "no ISO 8601"),
        ("-PT1S", "no ISO 8601"),
        ("PT1,5S", "no ISO 8601"),
        ("PT٣S", "no ISO 8601"),
        ("PT" + "9" * 200 + "S", "no ISO 8601"),
        ("P1Y", "write days"),
        ("P1M", "write days"),
        ("P366D", "365 days"),
        ("PT" + "9" * 90 + "S", "365 days"),
        ({}, "some of"),
        ({"weeks": 1}, "some of"),
        ({"seconds": 1.5}, "whole number"),
        ({"seconds": -1}, "whole number"),
        ({"seconds": True}, "whole number"),
        ({"days": 366}, "365 days"),
        (-1, "negative"),
        (MOST + 1, "365 days"),
        (True, "a duration is"),
        (None, "a duration is"),
        (1.5, "a duration is"),
        ([1], "a duration is"),
    ],
)
def test_S_34_anything_else_is_refused_with_words(written: Any, words: str) -> None:
    with pytest.raises(DurationError, match=words):
        milliseconds(written)


@given(st.dictionaries(st.sampled_from(sorted(UNITS)), st.integers(0, 1000), min_size=1))
def test_units_add_up(units: dict[str, int]) -> None:
    expected = sum(count * UNITS[name] for name, count in units.items())
    if expected <= MOST:
        assert milliseconds(units) == expected
    else:
        with pytest.raises(DurationError):
            milliseconds(units)


@given(st.text(max_size=30) | st.from_regex(r"P[0-9.YMWDTHS]{0,12}", fullmatch=True))
def test_no_text_raises_anything_else(written: str) -> None:
    with contextlib.suppress(DurationError):
        assert 0 <= milliseconds(written) <= MOST


def test_a_duration_is_spoken_in_its_units() -> None:
    assert text(0) == "0 s"
    assert text(90_061_001) == "1 d 1 h 1 min 1 s 1 ms"
