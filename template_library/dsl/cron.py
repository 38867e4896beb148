"""Cron expressions: the five fields of cron, before them perhaps the zone that they are in (`CRON_TZ=Europe/Berlin`).

Beside the numbers of cron there are names (`MON`, `JAN`), the last day of the month (`L`, `LW` of its workdays), the
last of a weekday (`5L`) and the n-th (`MON#1`); `TZ=` means the same as `CRON_TZ=`.

Around a change of the clocks they behave as Debian's cron does. Where minute and hour are written out, what falls into
the hour that is left out runs right behind it, and what falls into the hour that comes twice runs once. Where one of
them begins with `*`, the real minutes count: nothing runs in the hour that is left out, and both run of the other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_PREFIX: Final = re.compile(r"\s*(?:CRON_TZ|TZ)=(?P<zone>\S*)\s+(?P<fields>.*)", re.DOTALL)
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,3}")
_FIELDS: Final = 5
_LONGEST: Final = 500
_ANY_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)


class CronError(ValueError):
    """The text is no cron expression, or one that never comes true. The words say what is wrong with it."""


def check(text: str) -> None:
    """Raises CronError unless `next_after` can ever answer for `text`."""
    fields, zone = _split(text)
    if _next(fields, zone, _ANY_DAY) is None:
        raise CronError(f"`{text[:80]}` matches no day of any year")


def next_after(text: str, moment: int) -> int | None:
    """The first time behind `moment` that matches, both in Unix milliseconds; None if none does within 50 years.

    Raises:
        CronError: see `check`.
    """
    fields, zone = _split(text)
    # Whole seconds: the library does not look at less, and a fraction is behind the second that it is of.
    second = datetime.fromtimestamp(moment // 1000, UTC)
    found = _next(fields, zone, second)
    while found is not None and found <= second:  # where the clock goes back
        found = _next(fields, zone, found + timedelta(seconds=1))
    return None if found is None else int(found.timestamp()) * 1000


def _split(text: str) -> tuple[str, ZoneInfo | None]:
    """The five fields and the zone; None is UTC."""
    if len(text) > _LONGEST:
        raise CronError(f"a cron expression may have at most {_LONGEST} characters")
    match = _PREFIX.fullmatch(text)
    fields = match["fields"] if match else text
    if len(fields.split()) != _FIELDS:
        raise CronError(
            f"`{text[:80]}` has not the {_FIELDS} fields minute, hour, day of the month, month and day of the week"
        )
    return fields, _zone(match["zone"]) if match else None


def _zone(name: str) -> ZoneInfo | None:
    if name in {"UTC", "Etc/UTC"}:
        return None
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    raise CronError(f"there is no time zone `{name[:80]}`; a zone is written as in `CRON_TZ=Europe/Berlin 0 6 * * *`")


def _next(fields: str, zone: ZoneInfo | None, moment: datetime) -> datetime | None:
    local = moment if zone is None else moment.astimezone(zone)
    try:
        found = next(CronSim(fields, local), None)
    except CronSimError as error:
        raise CronError(f"`{fields[:80]}` is no cron expression: {_words(error)}") from None
    except (ValueError, OverflowError):  # numbers of thousands of digits, years behind the last
        raise CronError(f"`{fields[:80]}` is no cron expression") from None
    return None if found is None else found.astimezone(UTC)


def _words(error: CronSimError) -> str:
    """`Bad day-of-week` → `wrong day-of-week`."""
    return str(error).lower().replace("bad ", "wrong ", 1)
