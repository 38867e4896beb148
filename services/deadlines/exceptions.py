"""Until when an exception is to be done with, in business time of the client's calendar (ADR 0130)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database, surviving
from infra.ids import TenantId
from services.deadlines import deadlines
from services.deadlines.kinds import Due, Subject
from services.deadlines.plan import Plan, Step
from tenants.calendars.calendar import NeverOpen
from tenants.calendars.errors import UnknownCalendar

KIND: Final = "exception"
_log: Final = logging.getLogger(__name__)
_BATCH: Final = 32
_LEASE_SECONDS: Final = 120.0
_AGAIN_SECONDS: Final = 3600.0
"""Of a client without a calendar: it may get one."""
_READ: Final = """
SELECT within, opened_at, run_id FROM app.exception
WHERE tenant_id = $1 AND exception_id = $2 AND state = 'open' AND count_at IS NOT NULL FOR NO KEY UPDATE
"""
_COUNTED: Final = """
UPDATE app.exception SET count_at = NULL, breach_at = least(deadline, $3) WHERE tenant_id = $1 AND exception_id = $2
"""
_LATER: Final = """
UPDATE app.exception SET count_at = clock_timestamp() + make_interval(secs => $3)
WHERE tenant_id = $1 AND exception_id = $2
"""
_DUE: Final = """
UPDATE app.exception SET breach_at = least(deadline, $3) WHERE tenant_id = $1 AND exception_id = $2 AND state = 'open'
RETURNING true
"""
_FOLLOW: Final = """
UPDATE app.exception e SET breach_at = least(e.deadline, n.due_at)
FROM unnest($2::uuid[], $3::timestamptz[]) AS n(exception_id, due_at)
JOIN (SELECT x.exception_id FROM app.exception x WHERE x.tenant_id = $1 AND x.exception_id = ANY ($2::uuid[])
      AND x.state = 'open' ORDER BY x.exception_id FOR NO KEY UPDATE SKIP LOCKED) l USING (exception_id)
WHERE e.tenant_id = $1 AND e.exception_id = n.exception_id AND num_nonnulls(e.deadline, n.due_at) > 0
"""


class Taken(msgspec.Struct, frozen=True):
    """An exception that is ours to count for a while; `site`: slug of that which its deployment is for."""

    tenant: TenantId
    exception: UUID
    site: str | None


async def take(database: Database, most: int = _BATCH, seconds: float = _LEASE_SECONDS) -> list[Taken]:
    """What is to be counted, for `seconds` nobody else's."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_uncounted($1, $2)", most, seconds)
    return [Taken(TenantId(row["tenant_id"]), row["exception_id"], row["site"]) for row in rows]


async def count(database: Database, taken: Taken) -> bool:
    """Begin its deadline, by the calendar of its site, else by the default; answers whether one counts it.

    Safe to repeat. Where no calendar does, its time stays the wall's: without one until the next look an hour later.
    """
    place = (taken.tenant, taken.exception)
    async with database.tenant(taken.tenant) as transaction:
        row = await transaction.fetchrow(_READ, *place)
        if row is None:
            return False
        plan = Plan(steps=(Step(after=row["within"], do="due"),), site=taken.site)
        try:
            due = await deadlines.due_at(transaction, taken.tenant, plan, row["opened_at"])
            subject, run = Subject(KIND, taken.exception), row["run_id"]
            await deadlines.begin(transaction, taken.tenant, subject, plan, run=run, began=row["opened_at"])
        except UnknownCalendar:
            await transaction.execute(_LATER, *place, _AGAIN_SECONDS)
            return False
        except NeverOpen as error:
            _log.warning("an exception keeps the time of the wall: %s", error)
            await transaction.execute(
                "UPDATE app.exception SET count_at = NULL WHERE tenant_id = $1 AND exception_id = $2", *place
            )
            return False
        await transaction.execute(_COUNTED, *place, due)
        return True


async def look(database: Database) -> int:
    """Count a batch of what has to be; answers how many there were."""
    taken = await take(database)
    for one in taken:
        with surviving("counting until when an exception is to be done with"):
            await count(database, one)
    return len(taken)


async def act(transaction: Any, due: Due, /) -> bool:
    """Fills the `Act` of deadlines: from here on it is late. False: it is closed."""
    key = (due.tenant, due.subject.id)
    return bool(await transaction.fetchval(_DUE, *key, due.at))


async def follow(transaction: Any, tenant: UUID, moved: Mapping[UUID, datetime | None], /) -> None:
    """Fills the `Follow` of deadlines: the desk orders by the calendar as it is now."""
    await transaction.execute(_FOLLOW, tenant, list(moved), list(moved.values()))
