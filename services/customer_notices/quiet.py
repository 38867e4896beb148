"""When a notice may go out: in open time of the client's calendar, and of a delay before the promise breaks. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from template_library.notices import Promise, breaks_at
from tenants.calendars.calendar import Calendar, NeverOpen


class Moment(msgspec.Struct, frozen=True):
    """When it is sent; `waits`: quiet hours are why that is not now."""

    at: datetime
    waits: bool = False


def moment(now: datetime, calendar: Calendar | None, promise: Promise | None) -> Moment:
    """`calendar`: whose closed hours are quiet; None: there are none.

    Raises:
        NeverOpen: not within ten years.
    """
    if calendar is None:
        return Moment(now)
    opens = next((one.begins for one in calendar.open_from(now)), None)
    if opens is None:
        raise NeverOpen(f"the calendar `{calendar.name}` is never open")
    if opens <= now:
        return Moment(now)
    # Better at night than when it is no news any more.
    if promise is not None and breaks_at(promise.was, calendar.zone) <= opens:
        return Moment(now)
    return Moment(opens, waits=True)
