from __future__ import annotations

from infra.problems import Conflict, Invalid, NotFound


class UnknownCalendar(NotFound):
    """The environment has no such calendar, or none that is for this site. The caller lists its calendars."""


class InvalidCalendar(Invalid):
    """The calendar breaks a rule. `errors` lists `{pointer, detail}`."""

    name = "invalid-calendar"
    title = "The calendar breaks a rule"


class CalendarInUse(Conflict):
    """Deadlines are open that count by the calendar. Let them end, or change the calendar instead."""

    name = "calendar-in-use"
    title = "Open deadlines count by this calendar"


class NoSuchTime(Invalid):
    """The calendar has no such moment: a duration is none, or there is not so much open time. `errors` says where."""

    name = "no-such-time"
    title = "The calendar cannot answer this"
