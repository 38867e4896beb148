"""When the steps of a deadline are, by a calendar. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from services.deadlines.plan import Step
from tenants.calendars.arithmetic import after
from tenants.calendars.calendar import Calendar


class Moments(msgspec.Struct, frozen=True):
    """`next_at`: of the first step that is not done. None: there is no such step."""

    next_at: datetime | None
    due_at: datetime | None


def moments(calendar: Calendar, began: datetime, steps: Sequence[Step], done: int) -> Moments:
    """With the first `done` steps done. Raises NeverOpen."""
    due = next((one for one in steps if one.do == "due"), None)
    return Moments(
        next_at=moment(calendar, began, steps[done]) if done < len(steps) else None,
        due_at=None if due is None else moment(calendar, began, due),
    )


def moment(calendar: Calendar, began: datetime, step: Step) -> datetime:
    """Raises NeverOpen."""
    return after(calendar, began, timedelta(milliseconds=step.after))
