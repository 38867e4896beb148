from __future__ import annotations

from typing import Any, Final

from template_library.dsl import cron, limits
from template_library.dsl.checker import Checker, spoken
from template_library.dsl.events import Events, plain
from template_library.dsl.model import Consumption, EventTrigger, Schedule
from template_library.dsl.positions import step
from template_library.dsl.timings import Timings

_MEMBERS: Final = ("every", "cron", "after", "on")
_POINTER: Final = "/schedule"
_ARGUMENTS: Final = frozenset({"runtime"})
"""There is no run yet whose data an expression could use."""


class Schedules:
    def __init__(self, checker: Checker, timings: Timings, events: Events) -> None:
        self._checker = checker
        self._timings = timings
        self._events = events

    def schedule(self, value: Any) -> Schedule | None:
        members = self._checker.members(value, _POINTER, _MEMBERS)
        if members is None:
            return None
        if not members and not value:
            self._checker.refuse(_POINTER, f"needs at least one of {spoken(_MEMBERS)}")
        ready = {name: member for name, member in members.items() if self._is_ready(name)}
        return Schedule(
            every=self._every(ready["every"]) if "every" in ready else None,
            cron=self._cron(ready["cron"]) if "cron" in ready else None,
            after=self._timings.written(ready["after"], step(_POINTER, "after")) if "after" in ready else None,
            on=self._on(ready["on"]) if "on" in ready else None,
        )

    def _is_ready(self, name: str) -> bool:
        return name == "on" or self._checker.uses(step(_POINTER, name), f"schedule.{name}")

    def _every(self, value: Any) -> int | None:
        pointer = step(_POINTER, "every")
        found = self._timings.written(value, pointer)
        if found is not None and found < limits.EVERY:
            self._checker.refuse(pointer, "must be at least one second")
        return found

    def _cron(self, value: Any) -> str | None:
        pointer = step(_POINTER, "cron")
        if self._checker.text(value, pointer) is None:
            return None
        try:
            cron.check(value)
        except cron.CronError as error:
            self._checker.refuse(pointer, str(error))
        return str(value)

    def _on(self, value: Any) -> Consumption | None:
        pointer = step(_POINTER, "on")
        found = self._events.consumption(value, pointer, _ARGUMENTS)
        if found is None:
            return None
        if found.forever:
            self._checker.refuse(step(pointer, "until"), "is never true, so that no event would begin a run")
        return found


def is_plain(on: Consumption) -> bool:
    """Whether equal texts are all that is asked for, so that no expression and no pattern has to be evaluated."""
    return on.until is None and all(len(plain(one)) == len(one.attributes) and not one.correlate for one in on.filters)


def trigger(schedule: Schedule | None) -> EventTrigger | None:
    """The schedule as a trigger, if it is one event of a type and with written attributes."""
    if schedule is None or schedule.on is None or schedule.on.strategy != "one" or not schedule.on.filters:
        return None
    attributes = plain(schedule.on.filters[0])
    return EventTrigger(attributes) if is_plain(schedule.on) and "type" in attributes else None
