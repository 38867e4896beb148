"""A calendar changes, and the open deadlines that count by it are computed anew, a slice a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database
from infra.ids import TenantId
from services.deadlines import counting
from services.deadlines.counting import Moments
from services.deadlines.errors import Overtaken
from services.deadlines.kinds import Follows
from services.deadlines.plan import Step
from tenants.audit import writing as audit
from tenants.calendars import reading
from tenants.calendars.calendar import Calendar, NeverOpen
from tenants.calendars.errors import UnknownCalendar
from tenants.calendars.zones import rules_of

SLICE: Final = 200
_STEPS: Final = msgspec.json.Decoder(list[Step])
_ASK: Final = """
INSERT INTO app.calendar_change AS c (tenant_id, calendar) VALUES ($1, $2)
ON CONFLICT (tenant_id, calendar) DO UPDATE SET behind = NULL, wake_at = clock_timestamp(), fence = c.fence + 1
"""
_IS_USED: Final = """
SELECT EXISTS (SELECT FROM app.deadline WHERE tenant_id = $1 AND calendar = $2 AND ended_at IS NULL)
"""
_TAKE: Final = """
SELECT deadline_id, subject_kind, subject_id, began_at, steps::text AS steps, cardinality(done_at) AS done,
  next_at, due_at
FROM app.deadline WHERE tenant_id = $1 AND calendar = $2 AND ended_at IS NULL
  AND (calendar_version <> $3 OR zone_mark <> $4) AND ($5::uuid IS NULL OR deadline_id > $5)
ORDER BY deadline_id LIMIT $6 FOR NO KEY UPDATE SKIP LOCKED
"""
_ANY_LEFT: Final = """
SELECT EXISTS (SELECT FROM app.deadline WHERE tenant_id = $1 AND calendar = $2 AND ended_at IS NULL
  AND (calendar_version <> $3 OR zone_mark <> $4))
"""
# What has no other moment keeps its place with whoever does its step now.
_PUT: Final = """
UPDATE app.deadline d SET calendar_version = $2, zone_mark = $3, next_at = n.next_at, due_at = n.due_at,
  wake_at = CASE WHEN n.moved THEN n.next_at ELSE d.wake_at END, fence = d.fence + CASE WHEN n.moved THEN 1 ELSE 0 END,
  failures = CASE WHEN n.failure IS NULL THEN d.failures ELSE greatest(d.failures, 3) END,
  failure = coalesce(left(n.failure, 1000), d.failure)
FROM unnest($4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::boolean[], $8::text[])
  AS n(deadline_id, next_at, due_at, moved, failure)
WHERE d.tenant_id = $1 AND d.deadline_id = n.deadline_id
"""
_GO_ON: Final = """
UPDATE app.calendar_change SET looked = looked + $4, moved = moved + $5, behind = $6,
  wake_at = clock_timestamp() + make_interval(secs => $7)
WHERE tenant_id = $1 AND calendar = $2 AND fence = $3 RETURNING looked, moved
"""
_NOBODY: Final[Follows] = MappingProxyType({})
_PAUSE: Final = 1.0
"""Seconds until deadlines that somebody held are looked at once more."""


class Change(msgspec.Struct, frozen=True):
    """One that is ours to carry on with, as long as its row has this fence."""

    tenant: TenantId
    calendar: str
    fence: int


class Counted(msgspec.Struct, frozen=True):
    """A deadline's moments by the calendar as it is now. `failure`: why they are still those of before."""

    id: UUID
    moments: Moments
    is_moved: bool
    failure: str | None = None


async def recompute(transaction: Any, tenant: UUID, calendar: str) -> None:
    """Have the open deadlines that count by a calendar computed anew, from the commit on. Safe to repeat."""
    if await is_used(transaction, tenant, calendar):
        await transaction.execute(_ASK, tenant, calendar)


async def is_used(transaction: Any, tenant: UUID, calendar: str) -> bool:
    """Whether an open deadline counts by it."""
    return bool(await transaction.fetchval(_IS_USED, tenant, calendar))


async def take(database: Database, most: int, seconds: float) -> list[Change]:
    """Changes to carry on with, for `seconds` nobody else's."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_calendar_changes($1, $2)", most, seconds)
    return [Change(TenantId(row["tenant_id"]), row["calendar"], row["fence"]) for row in rows]


async def carry_on(database: Database, change: Change, follows: Follows = _NOBODY, most: int = SLICE) -> int:
    """Compute a slice anew; answers of how many deadlines. With the last one the change is over, and audited.

    `follows` hear in the same transaction what is due at another time by it.

    Raises:
        Overtaken: the calendar has changed again meanwhile; nothing was done.
    """
    async with database.tenant(change.tenant) as transaction:
        try:
            calendar = await reading.calendar(transaction, change.tenant, name=change.calendar)
        except UnknownCalendar:
            # It is gone: what counted by it goes on by its last version.
            await _drop(transaction, change)
            return 0
        place = (change.tenant, change.calendar, calendar.version, rules_of(calendar.definition.time_zone))
        behind = await transaction.fetchval(
            "SELECT behind FROM app.calendar_change WHERE tenant_id = $1 AND calendar = $2", *place[:2]
        )
        rows = await transaction.fetch(_TAKE, *place, behind, most)
        counted = [count(calendar, row) for row in rows]
        await _put(transaction, place, counted)
        await _follow(transaction, change.tenant, follows, zip(rows, counted, strict=True))
        is_last = len(rows) < most
        any_left = bool(await transaction.fetchval(_ANY_LEFT, *place)) if is_last else True
        totals = await transaction.fetchrow(
            _GO_ON,
            *(change.tenant, change.calendar, change.fence),
            len(rows),
            sum(one.is_moved for one in counted),
            None if is_last else rows[-1]["deadline_id"],
            _PAUSE if is_last else 0.0,
        )
        if totals is None:
            raise Overtaken
        if not any_left:
            await _drop(transaction, change)
            after = {"version": calendar.version, "looked": totals["looked"], "moved": totals["moved"]}
            await _record(transaction, change, after)
        return len(rows)


def count(calendar: Calendar, row: Any) -> Counted:
    """`row`: `deadline_id, began_at, steps, done, next_at, due_at` of a deadline."""
    before = Moments(row["next_at"], row["due_at"])
    try:
        found = counting.moments(calendar, row["began_at"], _STEPS.decode(row["steps"]), row["done"])
    except NeverOpen as error:
        return Counted(row["deadline_id"], before, is_moved=False, failure=str(error))
    return Counted(row["deadline_id"], found, found != before)


async def _put(transaction: Any, place: tuple[TenantId, str, int, str], counted: list[Counted]) -> None:
    tenant, _, version, mark = place
    columns = (
        [one.id for one in counted],
        [one.moments.next_at for one in counted],
        [one.moments.due_at for one in counted],
        [one.is_moved for one in counted],
        [one.failure for one in counted],
    )
    await transaction.execute(_PUT, tenant, version, mark, *columns)


async def _follow(transaction: Any, tenant: UUID, follows: Follows, counted: Iterable[tuple[Any, Counted]]) -> None:
    moved: dict[str, dict[UUID, datetime | None]] = {}
    for row, one in counted:
        if one.moments.due_at != row["due_at"] and row["subject_kind"] in follows:
            moved.setdefault(row["subject_kind"], {})[row["subject_id"]] = one.moments.due_at
    for kind, subjects in moved.items():
        await follows[kind](transaction, tenant, subjects)


async def _drop(transaction: Any, change: Change) -> None:
    gone = "DELETE FROM app.calendar_change WHERE tenant_id = $1 AND calendar = $2 AND fence = $3 RETURNING true"
    if not await transaction.fetchval(gone, change.tenant, change.calendar, change.fence):
        raise Overtaken


async def _record(transaction: Any, change: Change, after: dict[str, Any]) -> None:
    action = "calendar.deadlines-recomputed"
    await audit.write(transaction, change.tenant, actor="engine", action=action, target=change.calendar, after=after)
