"""When a hold is due and what is done while nobody clears it: its deadline in business time (ADR 0103, ADR 0115)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.deadlines import deadlines, plan
from services.deadlines.kinds import Due, Subject
from services.deadlines.plan import Plan, Step
from services.engine import notices
from services.engine.notices import About
from services.holds import subjects
from services.holds.kinds import Kind
from services.holds.subjects import What
from services.holds.telling import PREFIX
from template_library.holds import HoldDeadline
from tenants.audit import writing as audit
from tenants.calendars.calendar import NeverOpen
from tenants.calendars.errors import UnknownCalendar

KIND: Final = "hold"
DUE: Final = "hold.due"
_ACTOR: Final = "engine"
_MINUTE: Final = 60_000
_SEEN: Final = "SELECT kind, key FROM app.hold WHERE tenant_id = $1 AND hold_id = $2"
_READ: Final = """
SELECT kind, key, type, reason, owner_role, raised_at FROM app.hold
WHERE tenant_id = $1 AND hold_id = $2 AND status = 'active'
"""
_MOVED: Final = "UPDATE app.hold SET due = $3 WHERE tenant_id = $1 AND hold_id = $2 AND due <> $3"
_REASSIGN: Final = "UPDATE app.hold SET owner_role = $3, version = version + 1 WHERE tenant_id = $1 AND hold_id = $2"
_FOLLOW: Final = """
UPDATE app.hold h SET due = coalesce(n.due_at, 'infinity')
FROM unnest($2::uuid[], $3::timestamptz[]) AS n(hold_id, due_at)
JOIN (SELECT x.hold_id FROM app.hold x WHERE x.tenant_id = $1 AND x.hold_id = ANY ($2::uuid[])
      AND x.status = 'active' ORDER BY x.hold_id FOR NO KEY UPDATE SKIP LOCKED) l USING (hold_id)
WHERE h.tenant_id = $1 AND h.hold_id = n.hold_id
"""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Of a hold that begins now.

    Attributes:
        due: None: never.
        plan: None: nothing is done when it is due.
    """

    began: datetime
    due: datetime | None
    plan: Plan | None


def plan_of(kind: Kind, asked: HoldDeadline | None, site: str | None) -> Plan | None:
    """By the type's calendar, else by that of the order's site. None: it is never due.

    Raises:
        InvalidPlan: its parts do not go together.
    """
    wanted = asked or kind.deadline
    if wanted is not None:
        found = plan.read(msgspec.to_builtins(wanted))
    elif kind.minutes is not None:
        found = Plan(steps=(Step(after=kind.minutes * _MINUTE, do="due"),))
    else:
        return None
    return found if found.site or found.calendar else msgspec.structs.replace(found, site=site)


async def count(connection: Any, tenant: TenantId, wanted: Plan | None) -> Counted:
    """A hold stands with a calendar and without: where none counts it, its time is the wall's, and nobody is told."""
    began = await connection.fetchval("SELECT clock_timestamp()")
    if wanted is None:
        return Counted(began=began, due=None, plan=None)
    try:
        due = await deadlines.due_at(connection, tenant, wanted, began)
    except (UnknownCalendar, NeverOpen):
        after = next((one.after for one in wanted.steps if one.do == "due"), None)
        wall = None if after is None else began + timedelta(milliseconds=after)
        return Counted(began=began, due=wall, plan=None)
    return Counted(began=began, due=due, plan=wanted)


async def begin(connection: Any, tenant: TenantId, hold: UUID, counted: Counted, run: UUID | None) -> None:
    """In the transaction that raised it."""
    if counted.plan is not None:
        await deadlines.begin(connection, tenant, Subject(KIND, hold), counted.plan, run=run, began=counted.began)


async def end(connection: Any, tenant: TenantId, hold: UUID, outcome: str) -> None:
    """Nothing more is to be done about it."""
    await deadlines.end(connection, tenant, Subject(KIND, hold), outcome)


async def act(transaction: Any, due: Due, /) -> bool:
    """Fills the `Act` of deadlines: tells a role, and hands on; it clears nothing. False: the hold is over.

    Behind the lock of its order or customer, as everything about a hold, and so before that of its deadline.
    """
    tenant, hold = TenantId(due.tenant), due.subject.id
    seen = await transaction.fetchrow(_SEEN, tenant, hold)
    if seen is None:
        return False
    await _lock(transaction, tenant, seen["kind"], seen["key"])
    row = await transaction.fetchrow(_READ, tenant, hold)
    if row is None:
        return False
    if due.due_at is not None:
        await transaction.execute(_MOVED, tenant, hold, due.due_at)
    if due.step.do == "reassign":
        await _reassign(transaction, tenant, row, due)
    await _tell(transaction, row, due)
    return True


async def follow(transaction: Any, tenant: UUID, moved: Mapping[UUID, datetime | None], /) -> None:
    """Fills the `Follow` of deadlines: lists show when a hold is due by its calendar as it is now."""
    await transaction.execute(_FOLLOW, tenant, list(moved), list(moved.values()))


async def _lock(transaction: Any, tenant: TenantId, kind: What, key: str) -> None:
    await (subjects.hold_customer if kind == "customer" else subjects.hold_order)(transaction, tenant, key)


async def _reassign(transaction: Any, tenant: TenantId, row: Any, due: Due) -> None:
    await transaction.execute(_REASSIGN, tenant, due.subject.id, due.step.role)
    after = {row["kind"]: row["key"], "type": row["type"], "role": due.step.role, "before": row["owner_role"]}
    shown = due.subject.shown
    await audit.write(transaction, tenant, actor=_ACTOR, action="hold.reassigned", target=shown, after=after)


async def _tell(transaction: Any, row: Any, due: Due) -> None:
    shown = ids.show(PREFIX, due.subject.id)
    told = {
        "hold": shown,
        "type": row["type"],
        "reason": row["reason"],
        row["kind"]: row["key"],
        "since": notices.moment(row["raised_at"]),
    }
    if due.due_at is not None:
        told["due"] = notices.moment(due.due_at)
    about = About(place="/holds", subject=shown, owner=f"role:{due.step.role or row['owner_role']}")
    await notices.say(transaction, due.tenant, DUE, about, told)
