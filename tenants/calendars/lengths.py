"""Lengths of time as ISO 8601 writes them, in hours and smaller units: a day of business time is no day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(length: timedelta) -> int:
    """Whole ones; a part of one counts as one, so that nothing is ever early."""
    return -(-length // _MILLISECOND)


def text(length: timedelta) -> str:
    """`PT26H30M`, with a minus in front where it is negative, in whole milliseconds."""
    return "-" * (length < timedelta(0)) + of_milliseconds(milliseconds(abs(length)))


def of_milliseconds(whole: int) -> str:
    """Of none or more."""
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, part = divmod(rest, 1_000)
    of_second = f"{seconds}.{part:03}".rstrip("0") if part else str(seconds)
    parts = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{of_second}S" * bool(rest)
    return f"PT{parts or '0S'}"
