"""Moments by the clocks of a place, whose hours may come twice or not at all (PEP 495), and the rules that it has."""

from __future__ import annotations

import hashlib
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SECOND: Final = timedelta(seconds=1)


class UnknownZone(ValueError):
    """The IANA has no time zone of this name, or this machine does not know it."""


def zone_of(name: str) -> ZoneInfo:
    """Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name[:64]) from None


def moment(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    """The first moment, in UTC, at which the clocks of `zone` show so many minutes of `day` or later.

    Of an hour that comes twice it is in the first one, and in one that is skipped it is the moment of the jump: so the
    order of moments is that of what the clocks show, whatever they do in between.

    Raises:
        OverflowError: no calendar of Python's has it.
    """
    shown = datetime.combine(day, time.min) + timedelta(minutes=minutes)
    found = shown.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == shown:
        return found
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _first(zone, shown, before, found)


def _first(zone: ZoneInfo, shown: datetime, before: datetime, after: datetime) -> datetime:
    """Between a moment at which the clocks have not come to `shown` and one at which they have passed it."""
    low, high = 0, int((after - before) / _SECOND) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).replace(tzinfo=None) < shown:
            low = middle
        else:
            high = middle
    return before + high * _SECOND


@lru_cache(maxsize=1_000)
def rules_of(name: str) -> str:
    """A mark of the rules that this process has for a zone: with other ones, moments may be others. Empty: unknown."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, *name.split("/"))
        if path.is_file():
            return _mark(path.read_bytes())
    try:
        return _mark(resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())
    except (ModuleNotFoundError, OSError):
        return ""


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
