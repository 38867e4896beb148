"""Does one step of a deadline that has come, and notes it, in one transaction."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from services.deadlines import changing, deadlines
from services.deadlines.changing import Counted
from services.deadlines.errors import Overtaken, UnknownKind
from services.deadlines.kinds import Acts, Due, Subject
from services.deadlines.plan import Step
from tenants.audit import writing as audit
from tenants.calendars import reading
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.errors import UnknownCalendar
from tenants.calendars.zones import rules_of

_STEPS: Final = msgspec.json.Decoder(list[Step])
_DEEDS: Final = {
    "warn": "deadline.warned",
    "due": "deadline.reached",
    "notify": "deadline.notified",
    "reassign": "deadline.reassigned",
    "auto_decide": "deadline.decided",
    "expire": "deadline.expired",
}
_READ: Final = """
SELECT deadline_id, subject_kind, subject_id, run_id, calendar, calendar_version, began_at, steps::text AS steps,
  cardinality(done_at) AS done, next_at, due_at, next_at <= clock_timestamp() AS has_come
FROM app.deadline WHERE tenant_id = $1 AND deadline_id = $2 AND fence = $3 AND next_at IS NOT NULL
"""
_MOVE: Final = """
UPDATE app.deadline SET calendar_version = $4, zone_mark = $5, next_at = $6, due_at = $7, wake_at = $6,
  fence = fence + 1 WHERE tenant_id = $1 AND deadline_id = $2 AND fence = $3 AND ended_at IS NULL RETURNING true
"""
_COUNT: Final = """
UPDATE app.calendar_change SET looked = looked + 1, moved = moved + $3 WHERE tenant_id = $1 AND calendar = $2
"""
_LEAVE: Final = """
UPDATE app.deadline SET wake_at = next_at WHERE tenant_id = $1 AND deadline_id = $2 AND fence = $3
"""
# The act itself may have ended the deadline. Another's end, or another's claim, is behind `done_at` or the fence.
_NOTE: Final = """
UPDATE app.deadline SET done_at = done_at || clock_timestamp(), failures = 0, failure = NULL, fence = fence + 1,
  next_at = CASE WHEN ended_at IS NULL THEN $5::timestamptz END, wake_at = CASE WHEN ended_at IS NULL THEN $5 END
WHERE tenant_id = $1 AND deadline_id = $2 AND (fence = $3 OR ended_at IS NOT NULL) AND cardinality(done_at) = $4
RETURNING true
"""
_FAIL: Final = """
UPDATE app.deadline SET failures = failures + 1, failure = left($4, 1000),
  wake_at = clock_timestamp() + make_interval(secs => least(5 * 2 ^ least(failures, 12), 3600))
WHERE tenant_id = $1 AND deadline_id = $2 AND fence = $3 AND next_at IS NOT NULL
"""


class Taken(msgspec.Struct, frozen=True):
    """A deadline whose step is ours to do, as long as its row has this fence."""

    tenant: TenantId
    deadline: UUID
    fence: int


async def take(database: Database, most: int, seconds: float) -> list[Taken]:
    """What has come, at most `most`, for `seconds` nobody else's. No tenant's second before every tenant's first."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_deadlines($1, $2)", most, seconds)
    return [Taken(TenantId(row["tenant_id"]), row["deadline_id"], row["fence"]) for row in rows]


async def act(database: Database, acts: Acts, taken: Taken) -> bool:
    """Do the step that has come; answers whether it was done. What its calendar has moved on meanwhile is not.

    Safe to repeat, and to be torn off anywhere: what was done and that it was done are one commit.

    Raises:
        Overtaken: somebody else has it now; nothing was done.
        UnknownKind: nobody knows what to do about such a subject.
    """
    async with database.tenant(taken.tenant) as transaction:
        row = await transaction.fetchrow(_READ, taken.tenant, taken.deadline, taken.fence)
        if row is None or not await _is_due(transaction, taken, row):
            return False
        due = _due(taken, row)
        one = acts.get(due.subject.kind)
        if one is None:
            raise UnknownKind(due.subject.kind)
        was_there = await one(transaction, due)
        crash_points.pass_by("deadline.acted", due.subject.kind)
        if was_there:
            await _note(transaction, taken, row, due)
        else:
            await deadlines.end(transaction, taken.tenant, due.subject, "over")
    crash_points.pass_by("deadline.committed", due.subject.kind)
    return was_there


async def fail(database: Database, taken: Taken, words: str) -> None:
    """Try again later, each time later than before up to an hour; the third time somebody is told."""
    async with database.tenant(taken.tenant) as transaction:
        await transaction.execute(_FAIL, taken.tenant, taken.deadline, taken.fence, words)


async def _is_due(transaction: Any, taken: Taken, row: Any) -> bool:
    """By the calendar as it is now: a change may not have come to this deadline yet."""
    version = await reading.last_version(transaction, taken.tenant, row["calendar"])
    if version != row["calendar_version"]:
        try:
            calendar = await reading.calendar(transaction, taken.tenant, name=row["calendar"])
        except UnknownCalendar:
            return bool(row["has_come"])
        found = changing.count(calendar, row)
        if found.failure is not None:
            raise NeverOpen(found.failure)
        await _move(transaction, taken, calendar, found)
        return False
    if not row["has_come"]:
        await transaction.execute(_LEAVE, taken.tenant, taken.deadline, taken.fence)
    return bool(row["has_come"])


async def _move(transaction: Any, taken: Taken, calendar: Calendar, found: Counted) -> None:
    """Ahead of the change of its calendar, which counts it as one of its own."""
    mark = rules_of(calendar.definition.time_zone)
    key = (taken.tenant, taken.deadline, taken.fence)
    moments = (found.moments.next_at, found.moments.due_at)
    if not await transaction.fetchval(_MOVE, *key, calendar.version, mark, *moments):
        raise Overtaken
    await transaction.execute(_COUNT, taken.tenant, calendar.name, int(found.is_moved))


def _due(taken: Taken, row: Any) -> Due:
    return Due(
        tenant=taken.tenant,
        deadline=taken.deadline,
        subject=Subject(row["subject_kind"], row["subject_id"]),
        run=row["run_id"],
        place=row["done"],
        step=_STEPS.decode(row["steps"])[row["done"]],
        at=row["next_at"],
        due_at=row["due_at"],
    )


async def _note(transaction: Any, taken: Taken, row: Any, due: Due) -> None:
    calendar = await reading.at_version(transaction, taken.tenant, row["calendar"], row["calendar_version"])
    following = changing.count(calendar, dict(row) | {"done": due.place + 1})
    if following.failure is not None:
        raise NeverOpen(following.failure)
    key = (taken.tenant, taken.deadline, taken.fence)
    if not await transaction.fetchval(_NOTE, *key, due.place, following.moments.next_at):
        raise Overtaken
    after = {"subject": due.subject.shown, "step": due.place + 1}
    after |= {name: value for name, value in (("role", due.step.role), ("outcome", due.step.outcome)) if value}
    target = ids.show(deadlines.PREFIX, taken.deadline)
    await audit.write(transaction, taken.tenant, actor="engine", action=_DEEDS[due.step.do], target=target, after=after)
