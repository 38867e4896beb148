"""How long something is kept, as an ISO 8601 duration of whole days. Pure."""

from __future__ import annotations

import re
from typing import Final

MOST: Final = 36_500
_FORM: Final = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?", re.ASCII)
_DAYS: Final = (365, 30, 7, 1)


def days(text: str) -> int:
    """Days in `P1Y6M`, `P12W` or `P400D`; a year has 365 and a month 30 of them.

    Raises:
        ValueError: it is no such text, or none of 1 to 36,500 days; the message says what it should be.
    """
    found = _FORM.fullmatch(text)
    total = sum(int(part or 0) * length for part, length in zip(found.groups(), _DAYS, strict=True)) if found else 0
    if not 1 <= total <= MOST:
        raise ValueError(f"no duration of 1 to {MOST:,} days, such as P400D, P18M or P2Y")
    return total


def text(number: int) -> str:
    """Days as a duration."""
    return f"P{number}D"
