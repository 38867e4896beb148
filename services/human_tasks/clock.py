"""When a task is due and what is done when nobody decides it: its deadline in business time (ADR 0103)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from services.deadlines import deadlines, plan
from services.deadlines.kinds import Due, Subject
from services.deadlines.plan import Plan
from services.human_tasks import escalating
from template_library.dsl.durations import text
from template_library.human_tasks import Deadline, Do, Step

KIND: Final = "human-task"
_TOLD: Final = frozenset({"warn", "due"})
_MOVED: Final = (
    "UPDATE app.human_task SET due_at = $3, due = coalesce($3, 'infinity') WHERE tenant_id = $1 AND task_id = $2 "
    "AND closed_at IS NULL AND due_at IS DISTINCT FROM $3"
)

_FOLLOW: Final = """
UPDATE app.human_task t SET due_at = n.due_at, due = coalesce(n.due_at, 'infinity')
FROM unnest($2::uuid[], $3::timestamptz[]) AS n(task_id, due_at)
JOIN (SELECT x.task_id FROM app.human_task x WHERE x.tenant_id = $1 AND x.task_id = ANY ($2::uuid[])
      AND x.closed_at IS NULL ORDER BY x.task_id FOR NO KEY UPDATE SKIP LOCKED) l USING (task_id)
WHERE t.tenant_id = $1 AND t.task_id = n.task_id
"""


def plan_of(deadline: Deadline | None) -> Plan | None:
    """None where nothing is ever to be done. Raises InvalidPlan: its parts do not go together."""
    if deadline is None or not (deadline.warn or deadline.due or deadline.steps):
        return None
    return plan.read(msgspec.to_builtins(deadline))


async def due(connection: Any, tenant: UUID, wanted: Plan) -> datetime | None:
    """When what begins now is due, None for never. Raises as `deadlines.begin`."""
    return await deadlines.due_at(connection, tenant, wanted)


async def begin(connection: Any, tenant: UUID, task: UUID, wanted: Plan, run: UUID) -> None:
    """Count from now on; what was counted for a task that is asked for anew ends. Raises as `deadlines.begin`."""
    subject = Subject(KIND, task)
    await deadlines.end(connection, tenant, subject, "asked-anew")
    await deadlines.begin(connection, tenant, subject, wanted, run=run)


async def end(connection: Any, tenant: UUID, task: UUID, outcome: str) -> None:
    """Nothing more is to be done about it."""
    await deadlines.end(connection, tenant, Subject(KIND, task), outcome)


async def act(transaction: Any, due: Due, /) -> bool:
    """Fills the `Act` of deadlines: False where the task is closed."""
    tenant, task = due.tenant, due.subject.id
    await transaction.execute(_MOVED, tenant, task, due.due_at)
    step = Step(
        after=text(due.step.after),
        do="notify" if due.step.do in _TOLD else cast("Do", due.step.do),
        role=due.step.role or None,
        outcome=due.step.outcome or None,
    )
    return await escalating.act(transaction, tenant, task, step, due.key)


async def follow(transaction: Any, tenant: UUID, moved: Mapping[UUID, datetime | None], /) -> None:
    """Fills the `Follow` of deadlines: lists show when a task is due by its calendar as it is now."""
    await transaction.execute(_FOLLOW, tenant, list(moved), list(moved.values()))
