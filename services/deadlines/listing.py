"""Deadlines as lists show them; `transaction` is asyncpg's, of the tenant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra.pagination import Page, cut
from services.deadlines.counting import moment
from services.deadlines.plan import Step
from tenants.calendars import reading
from tenants.calendars.arithmetic import between
from tenants.calendars.calendar import NeverOpen

State = Literal["open", "ended", "all"]
_STEPS: Final = msgspec.json.Decoder(list[Step])
_LIST: Final = """
SELECT deadline_id, subject_kind, subject_id, run_id, calendar, calendar_version, began_at, steps::text AS steps,
  done_at, next_at, due_at, ended_at, outcome, failure, clock_timestamp() AS now
FROM app.deadline WHERE tenant_id = $1
  AND ($2::text IS NULL OR subject_kind = $2) AND ($3::uuid IS NULL OR subject_id = $3)
  AND ($4::uuid IS NULL OR run_id = $4) AND ($5::boolean IS NULL OR (ended_at IS NULL) = $5)
  AND ($6::timestamptz IS NULL OR due_at < $6) AND ($7::timestamptz IS NULL OR due_at >= $7)
  AND ($8::uuid IS NULL OR deadline_id < $8)
ORDER BY deadline_id DESC LIMIT $9
"""
_OPEN: Final[dict[State, bool | None]] = {"open": True, "ended": False, "all": None}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which ones a list shows; what is None matters not. `due_before` leaves out what has no step `due`."""

    kind: str | None = None
    subject: UUID | None = None
    run: UUID | None = None
    state: State = "open"
    due_before: datetime | None = None
    due_after: datetime | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and when it is; `at` is None where the calendar has not so much open time. `done_at`: None, not yet."""

    step: Step
    at: datetime | None
    done_at: datetime | None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A deadline. `left`: business time until it is due, negative behind that; None: it has ended, or is never due."""

    id: UUID
    kind: str
    subject: UUID
    run: UUID | None
    calendar: str
    version: int
    began_at: datetime
    next_at: datetime | None
    due_at: datetime | None
    left: timedelta | None
    steps: list[Planned]
    ended_at: datetime | None
    outcome: str | None
    failure: str | None


async def listed(transaction: Any, tenant: UUID, page: Page, wanted: Wanted) -> tuple[list[Listed], str | None]:
    """Newest first, and the position of the next page."""
    # By what is asked for this time: a plan for whatever may be asked for uses none of the indexes of a part.
    await transaction.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    rows = await transaction.fetch(
        _LIST,
        tenant,
        wanted.kind,
        wanted.subject,
        wanted.run,
        _OPEN[wanted.state],
        wanted.due_before,
        wanted.due_after,
        None if page.after is None else UUID(page.after),
        page.limit + 1,
    )
    kept, last = cut(rows, page, lambda row: str(row["deadline_id"]))
    return [await _listed(transaction, tenant, row) for row in kept], last


async def _listed(transaction: Any, tenant: UUID, row: Any) -> Listed:
    calendar = await reading.at_version(transaction, tenant, row["calendar"], row["calendar_version"])
    steps, done = _STEPS.decode(row["steps"]), row["done_at"]

    def at(step: Step) -> datetime | None:
        try:
            return moment(calendar, row["began_at"], step)
        except NeverOpen:
            return None

    left = None
    if row["ended_at"] is None and row["due_at"] is not None:
        left = between(calendar, row["now"], row["due_at"])
    return Listed(
        id=row["deadline_id"],
        kind=row["subject_kind"],
        subject=row["subject_id"],
        run=row["run_id"],
        calendar=row["calendar"],
        version=row["calendar_version"],
        began_at=row["began_at"],
        next_at=row["next_at"],
        due_at=row["due_at"],
        left=left,
        steps=[
            Planned(step=one, at=at(one), done_at=done[place] if place < len(done) else None)
            for place, one in enumerate(steps)
        ],
        ended_at=row["ended_at"],
        outcome=row["outcome"],
        failure=row["failure"],
    )
