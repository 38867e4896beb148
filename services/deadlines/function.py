"""`calendar:1.0.0@default`: business time for workflows. It reads a calendar and changes nothing (ADR 0102)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from infra.database import Database, through_outage
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed
from template_library.dsl.durations import DurationError, milliseconds
from tenants.calendars import lengths, reading
from tenants.calendars.arithmetic import UnknownCutOff, after, between, next_cut_off
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.errors import UnknownCalendar

NAME: Final = "calendar:1.0.0@default"
_BAD: Final = 400
_NOT_FOUND: Final = 404
_NOTHING: Final = timedelta(0)


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`do` is written out in the document, and which members it takes is checked as it is published.

    Attributes:
        calendar, site: which calendar, as `tenants.calendars.reading.calendar` has it; neither: the default.
        since: `from`; absent: now.
        duration: of the language, and business time.
    """

    do: Literal["after", "between", "cut-off"]
    calendar: str | None = None
    site: str | None = None
    since: datetime | None = msgspec.field(name="from", default=None)
    to: datetime | None = None
    duration: Any = None
    cut_off: str | None = None


class CalendarFunction:
    """Fills the engine's Function protocol. A call that is repeated counts from another now, and does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, call: Call) -> Answer:
        try:
            asked = msgspec.convert(call.arguments, Arguments)
            found, now = await through_outage(lambda: self._read(call, asked), "a calendar")
            return Done(output=answer(found, asked, asked.since or now, now), usage="")
        except UnknownCalendar as unknown:
            return _failed("configuration", _NOT_FOUND, "There is no such calendar", unknown.detail)
        except (msgspec.ValidationError, DurationError, UnknownCutOff, NeverOpen, ValueError) as error:
            return _failed("validation", _BAD, "The calendar cannot answer this", str(error))

    async def _read(self, call: Call, asked: Arguments) -> tuple[Calendar, datetime]:
        async with self._database.tenant(call.tenant) as connection:
            found = await reading.calendar(connection, call.tenant, name=asked.calendar, site=asked.site)
            return found, await connection.fetchval("SELECT clock_timestamp()")


def answer(calendar: Calendar, asked: Arguments, since: datetime, now: datetime) -> dict[str, Any]:
    """What a workflow gets. Raises UnknownCutOff, NeverOpen, ValueError."""
    which = {"calendar": calendar.name, "version": calendar.version}
    if asked.do == "between":
        if asked.to is None:
            raise ValueError("`to` is missing")
        length = between(calendar, since, asked.to)
        return {"duration": lengths.text(length), "milliseconds": lengths.milliseconds(length), **which}
    if asked.do == "after":
        at = after(calendar, since, timedelta(milliseconds=milliseconds(asked.duration)))
    else:
        at = next_cut_off(calendar, asked.cut_off or "", since, asked.site)
    return {
        "at": at.isoformat(),
        "local": at.astimezone(calendar.zone).isoformat(),
        "wait": lengths.text(max(at - now, _NOTHING)),
        **which,
    }


def _failed(kind: str, status: int, title: str, detail: str) -> Failed:
    return Failed(
        error=ErrorDetails(type=STANDARD_ERRORS + kind, status=status, title=title, detail=detail), sent=False
    )
