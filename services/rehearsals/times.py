"""The time of a scenario: it skips what is waited for, and the simulated systems go with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from services.deadlines import function as business_time
from services.deadlines.function import Arguments
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed
from services.engine.memory import Skipping
from template_library.dsl.durations import DurationError
from tenants.calendars import checking
from tenants.calendars.arithmetic import UnknownCutOff
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.definition import Definition, Shift, Week, Written
from tenants.calendars.errors import UnknownCalendar

_ALWAYS: Final = [Shift("00:00", "24:00")]
_ROUND: Final = Definition(time_zone="UTC", default=True, week=Week(**dict.fromkeys(Week.__struct_fields__, _ALWAYS)))
"""Where a scenario says nothing: always open."""
_BAD: Final = 400


class Time(Skipping):
    """`moved` is told the seconds of each skip."""

    def __init__(self, start: datetime | None) -> None:
        super().__init__(None if start is None else int(start.timestamp() * 1000))
        self.began = self.now()
        self.moved: list[Callable[[float], None]] = []

    async def sleep(self, milliseconds: int) -> None:
        await super().sleep(milliseconds)
        for one in self.moved:
            one(milliseconds / 1000)

    @property
    def instant(self) -> datetime:
        return at(self.now())


def at(moment: int) -> datetime:
    """Of Unix milliseconds."""
    return datetime.fromtimestamp(moment / 1000, UTC)


class Calendars:
    """Those of a scenario, chosen as an environment's are; and `calendar:1.0.0@default` by them."""

    def __init__(self, written: dict[str, dict[str, Any]], time: Time) -> None:
        """Raises ValueError: one is none."""
        self._time = time
        self._known = {name: _calendar(name, one) for name, one in written.items()} or {
            "always": Calendar("always", _ROUND)
        }

    def find(self, name: str | None, site: str | None) -> Calendar:
        """Raises UnknownCalendar."""
        if name is not None:
            if name not in self._known:
                raise UnknownCalendar("the environment has no such calendar")
            return self._known[name]
        for one in self._known.values():
            if site is not None and site in one.definition.sites:
                return one
        for one in self._known.values():
            if one.definition.default:
                return one
        raise UnknownCalendar("the environment has no default calendar")

    async def __call__(self, call: Call) -> Answer:
        """Fills the engine's Function protocol."""
        try:
            asked = msgspec.convert(call.arguments, Arguments)
            found, now = self.find(asked.calendar, asked.site), self._time.instant
            return Done(output=business_time.answer(found, asked, asked.since or now, now), usage="")
        except UnknownCalendar as unknown:
            return failed("configuration", "There is no such calendar", unknown.detail)
        except (msgspec.ValidationError, DurationError, UnknownCutOff, NeverOpen, ValueError) as error:
            return failed("validation", "The calendar cannot answer this", str(error))


def failed(kind: str, title: str, detail: str, status: int = _BAD) -> Failed:
    """As functions fail that never sent anything."""
    error = ErrorDetails(type=STANDARD_ERRORS + kind, status=status, title=title, detail=detail)
    return Failed(error=error, sent=False)


def _calendar(name: str, given: dict[str, Any]) -> Calendar:
    try:
        written = msgspec.convert(given, Written)
    except msgspec.ValidationError as error:
        raise ValueError(f"the calendar {name}: {error}") from None
    for one in checking.mistakes(written):
        raise ValueError(f"the calendar {name}: {one.pointer}: {one.detail}")
    return Calendar(name, msgspec.convert(msgspec.to_builtins(written), Definition))
