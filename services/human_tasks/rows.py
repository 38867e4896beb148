"""All SQL by which a run's worker makes a task and reads what became of it; in a transaction of the tenant."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine import values
from services.engine.functions import Call
from services.human_tasks.states import State
from template_library.human_tasks import Asked

LONGEST_TITLE: Final = 200
_READ: Final = (
    "SELECT task_id, kind, role, reference, state, version, created_at, due_at, outcome, answer::text AS answer, "
    "decided_by, decided_at, reason FROM app.human_task WHERE tenant_id = $1 AND run_id = $2 AND key = $3"
)
_MOVE: Final = (
    "UPDATE app.human_task SET reference = $4 WHERE tenant_id = $1 AND run_id = $2 AND key = $3 AND reference <> $4"
)
_GIVEN: Final = (
    "SELECT number, account_id, behalf, outcome, decided_at, rule::text AS rule, answer::text AS answer "
    "FROM app.human_task_decision "
    "WHERE tenant_id = $1 AND task_id = $2 AND NOT is_void ORDER BY number"
)
_EARLIER: Final = (
    "SELECT d.account_id, d.behalf FROM app.human_task t JOIN app.human_task_decision d USING (tenant_id, task_id) "
    "WHERE t.tenant_id = $1 AND t.run_id = $2 AND t.task_id <> $3 AND NOT d.is_void"
)
_APPROVED: Final = "SELECT DISTINCT decided_by FROM app.approval WHERE tenant_id = $1 AND run_id = $2"
_ACCOUNT: Final = re.compile(r"(?:account|acting):(acc_.*)")
_ADD: Final = "SELECT app.add_task($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A task as its run sees it; `answer` is JSON text. `reference`: what it ran as when it was last called."""

    task_id: UUID
    kind: str
    role: str
    state: State
    version: int
    created_at: datetime
    due_at: datetime | None
    outcome: str | None
    answer: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    reference: str = ""


async def of_call(connection: Any, call: Call) -> Standing | None:
    """The task of `call`; None where there is none yet."""
    row = await connection.fetchrow(_READ, call.tenant, call.run, call.key)
    return None if row is None else Standing(**row)


async def follow(connection: Any, call: Call, found: Standing) -> None:
    """Keep what the task runs as: its run may have been moved to another document while it was open (ADR 0032)."""
    reference = values.plain(call.reference)
    if found.reference != reference:
        await connection.execute(_MOVE, call.tenant, call.run, call.key, reference)


async def add(connection: Any, call: Call, task: UUID, asked: Asked, due: datetime | None) -> str:
    """Make the task of `call`, or ask anew for one that was cancelled: `made`, `known` or `moves` (`app.add_task`)."""
    told: str = await connection.fetchval(
        _ADD,
        task,
        call.run,
        call.key,
        values.plain(call.reference),
        call.fence,
        asked.task,
        title_of(asked),
        asked.role,
        asked.decision,
        asked.skills,
        None if asked.about is None else asked.about.kind,
        None if asked.about is None else values.plain(asked.about.key),
        None if asked.value is None else asked.value.amount,
        None if asked.value is None else asked.value.currency,
        due,
        values.encode(msgspec.to_builtins(asked)).decode(),
    )
    return told


async def given(connection: Any, tenant: UUID, task: UUID) -> list[Any]:
    """What counts of what people decided of it, in their order."""
    return list(await connection.fetch(_GIVEN, tenant, task))


async def take_turn(connection: Any, run: UUID) -> None:
    """Nobody else decides a task or a hold of the run until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 98))", str(run))


async def earlier(connection: Any, tenant: UUID, run: UUID, task: UUID) -> list[UUID]:
    """Who decided other tasks of the run, and for whom, or approved what it asked an approval for."""
    rows = await connection.fetch(_EARLIER, tenant, run, task)
    found = {one for row in rows for one in row.values() if one is not None}
    approved = [_ACCOUNT.fullmatch(row["decided_by"]) for row in await connection.fetch(_APPROVED, tenant, run)]
    return sorted(found | {ids.read("acc", one[1]) for one in approved if one is not None})


def whom(role: str) -> str:
    """Who is to do a task, in words; without a role it is somebody's outside."""
    return f"somebody with the role {role}" if role else "the outside participant"


def title_of(asked: Asked) -> str:
    """One line that the database can keep, of what may be anybody's text."""
    return " ".join(values.plain(asked.title).split())[:LONGEST_TITLE] or asked.task
