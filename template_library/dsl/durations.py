"""Durations: ISO 8601 text, or an object of whole days, hours, minutes, seconds and milliseconds; in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

MOST: Final = 365 * 24 * 60 * 60 * 1000
"""One year (S-34)."""
UNITS: Final = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000, "milliseconds": 1}

_ISO: Final = re.compile(
    r"P(?!$)(?P<years>\d+(?:\.\d+)?Y)?(?P<months>\d+(?:\.\d+)?M)?(?P<weeks>\d+(?:\.\d+)?W)?(?P<days>\d+(?:\.\d+)?D)?"
    r"(?:T(?=\d)(?P<hours>\d+(?:\.\d+)?H)?(?P<minutes>\d+(?:\.\d+)?M)?(?P<seconds>\d+(?:\.\d+)?S)?)?",
    re.ASCII,
)
_PARTS: Final = {"weeks": 604_800_000, "days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000}
_LONGEST_TEXT: Final = 100


class DurationError(ValueError):
    """The value is no duration, or one that is too long. The text says which, and what is one."""


def milliseconds(value: Any) -> int:
    """Whole milliseconds; of a fraction of one, the next whole one, so that nothing is ever early.

    `value` is ISO 8601 text, an object of units, or milliseconds themselves.

    Raises:
        DurationError: it is none of these, it has years or months, or it is longer than a year.
    """
    if isinstance(value, str):
        found = _text(value)
    elif isinstance(value, Mapping):
        found = _units(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        raise DurationError("a duration is text such as PT30S, or an object such as {seconds: 30}")
    if found < 0:
        raise DurationError("a duration cannot be negative")
    if found > MOST:
        raise DurationError("a duration may be at most 365 days")
    return found


def text(value: int) -> str:
    """In words of the language, shortest first unit: `1 h 30 min`."""
    words = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)):
        count, value = divmod(value, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words) or "0 s"


def _text(value: str) -> int:
    match = _ISO.fullmatch(value) if len(value) <= _LONGEST_TEXT else None
    if match is None:
        raise DurationError(f"`{value[:80]}` is no ISO 8601 duration such as PT30S")
    if match["years"] or match["months"]:
        raise DurationError(f"`{value[:80]}`: years and months have no fixed length; write days")
    total = sum((Decimal(match[part][:-1]) * size for part, size in _PARTS.items() if match[part]), Decimal(0))
    return int(total.to_integral_value(rounding="ROUND_CEILING"))


def _units(value: Mapping[str, Any]) -> int:
    if not value or not UNITS.keys() >= value.keys():
        raise DurationError(f"a duration has some of {', '.join(UNITS)}, and nothing else")
    for name, count in value.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise DurationError(f"`{name}` must be a whole number from 0")
    return sum(int(count) * UNITS[name] for name, count in value.items())
