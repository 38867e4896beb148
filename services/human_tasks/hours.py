"""When people are written to about tasks: never while the environment's default calendar is closed (ADR 0112)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from tenants.calendars import reading
from tenants.calendars.calendar import Calendar
from tenants.calendars.errors import UnknownCalendar

_MORNING: Final = time(8, tzinfo=UTC)
"""Of who has no calendar."""


async def default(connection: Any, tenant: UUID) -> Calendar | None:
    """The environment's default calendar, None where it has none; `connection` is in a transaction of the tenant."""
    try:
        return await reading.calendar(connection, tenant)
    except UnknownCalendar:
        return None


def opens(calendar: Calendar | None, at: datetime) -> datetime | None:
    """When it opens next; None: it is open at `at`, or never again, which keeps nobody from being told."""
    first = None if calendar is None else next(calendar.open_from(at), None)
    return None if first is None or first.begins <= at else first.begins


def next_morning(calendar: Calendar | None, at: datetime) -> datetime:
    """When the first shift of a later day begins; without a calendar at eight o'clock of the next day, UTC."""
    if calendar is not None:
        today = calendar.local_day(at)
        for span in calendar.open_from(at):
            if calendar.local_day(span.begins) > today:
                return span.begins
    return datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), _MORNING)
