"""A deadline begins and ends in the transaction of what it is about, which is asyncpg's, open for the tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.deadlines import counting
from services.deadlines.errors import UnknownKind
from services.deadlines.kinds import KINDS, Subject
from services.deadlines.plan import Plan
from tenants.calendars import reading
from tenants.calendars.zones import rules_of

PREFIX: Final = "dln"
_BEGIN: Final = """
INSERT INTO app.deadline (tenant_id, deadline_id, subject_kind, subject_id, run_id, calendar, calendar_version,
  zone_mark, began_at, steps, next_at, due_at, wake_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json, $11, $12, $11)
ON CONFLICT (tenant_id, subject_kind, subject_id) WHERE ended_at IS NULL DO NOTHING RETURNING deadline_id
"""
_OPEN: Final = """
SELECT deadline_id FROM app.deadline WHERE tenant_id = $1 AND subject_kind = $2 AND subject_id = $3 AND ended_at IS NULL
"""
_END: Final = """
UPDATE app.deadline SET ended_at = clock_timestamp(), outcome = left($4, 100), next_at = NULL, wake_at = NULL
WHERE tenant_id = $1 AND subject_kind = $2 AND subject_id = $3 AND ended_at IS NULL RETURNING true
"""


async def begin(  # noqa: PLR0913 (what a deadline is made of)
    transaction: Any,
    tenant: UUID,
    subject: Subject,
    plan: Plan,
    *,
    run: UUID | None = None,
    began: datetime | None = None,
) -> UUID:
    """Begin to count, from now or from `began` on; answers the deadline. Safe to repeat: an open one stays as it is.

    Calendars stay as they are until the transaction ends, so let it be short.

    Raises:
        UnknownKind: the subject is of a kind that nobody knows what to do with.
        UnknownCalendar: the environment has no such calendar.
        NeverOpen: the calendar has not so much open time within ten years.
    """
    if subject.kind not in KINDS:
        raise UnknownKind(subject.kind)
    await reading.steady(transaction, tenant)
    calendar = await reading.calendar(transaction, tenant, name=plan.calendar, site=plan.site)
    since = began or await transaction.fetchval("SELECT clock_timestamp()")
    found = counting.moments(calendar, since, plan.steps, 0)
    counted = (calendar.name, calendar.version, rules_of(calendar.definition.time_zone), since)
    steps = msgspec.json.encode(plan.steps).decode()
    row = (subject.kind, subject.id, run, *counted, steps, found.next_at, found.due_at)
    made = await transaction.fetchval(_BEGIN, tenant, ids.new(), *row)
    there: UUID = made or await transaction.fetchval(_OPEN, tenant, subject.kind, subject.id)
    return there


async def due_at(transaction: Any, tenant: UUID, plan: Plan, began: datetime | None = None) -> datetime | None:
    """When it would be due, were it begun now, or then; None: nothing in the plan is `due`. Raises as `begin`.

    A calendar that changes before it is begun is counted by as that has it.
    """
    calendar = await reading.calendar(transaction, tenant, name=plan.calendar, site=plan.site)
    since = began or await transaction.fetchval("SELECT clock_timestamp()")
    return counting.moments(calendar, since, plan.steps, 0).due_at


async def end(transaction: Any, tenant: UUID, subject: Subject, outcome: str) -> bool:
    """Nothing more is to be done about the subject; answers whether a deadline was open. Safe to repeat.

    `outcome` is a word for people, such as `completed` or `cancelled`.
    """
    return bool(await transaction.fetchval(_END, tenant, subject.kind, subject.id, outcome))
