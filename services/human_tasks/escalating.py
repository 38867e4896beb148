"""What a deadline does with a task that nobody decided: tell, hand on, decide for a refusal, let it expire.

Each in the transaction of whoever watches the deadlines, once for its `mark`, and nothing of a task that is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from infra import ids
from services.engine import notices
from services.engine.notices import About
from services.human_tasks import showing, states
from services.human_tasks.states import Move, State
from template_library.human_tasks import Step
from tenants.audit import writing as audit

ACTOR: Final = "engine"
DUE: Final = "task.due"
_LOCK: Final = """
SELECT t.task_id, t.run_id, t.kind, t.role, t.decision, t.state, t.version, t.assignee, t.created_at, t.due_at,
  t.content::text AS content,
  EXISTS (SELECT FROM app.human_task_event e
          WHERE e.tenant_id = t.tenant_id AND e.task_id = t.task_id AND e.target = $3) AS is_done
FROM app.human_task t WHERE t.tenant_id = $1 AND t.task_id = $2 AND t.closed_at IS NULL FOR UPDATE OF t
"""
_CHANGE: Final = """
UPDATE app.human_task SET state = $3::text, role = $4, assignee = $5, is_given = is_given AND $5::uuid IS NOT NULL,
  outcome = $6::text, answer = CASE WHEN $6::text IS NOT NULL THEN '{}'::json END,
  decided_by = CASE WHEN $6::text IS NOT NULL THEN 'deadline' END,
  decided_at = CASE WHEN $6::text IS NOT NULL THEN clock_timestamp() END, reason = $7,
  closed_at = CASE WHEN $3::text IN ('completed', 'expired') THEN clock_timestamp() END, version = version + 1,
  changed_at = clock_timestamp()
WHERE tenant_id = $1 AND task_id = $2
"""
_NOTE: Final = (
    "INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, target, note) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)
_DONE: Final = {"notify": "told", "reassign": "reassigned", "auto_decide": "completed", "expire": "expired"}
_MOVES: Final[dict[str, Move]] = {"reassign": "reassign", "auto_decide": "complete", "expire": "expire"}


class NotForAClock(ValueError):
    """The step would decide what takes an authority. It is refused where the task is read, and once more here."""


async def act(connection: Any, tenant: UUID, task: UUID, step: Step, mark: str) -> bool:
    """Do what `step` says, in the caller's transaction of the tenant. Answers whether anything was done.

    `mark`: what tells this step of this deadline from every other; the same again does nothing.

    Raises:
        NotForAClock: a decision type, and an outcome that is no refusal.
    """
    row = await connection.fetchrow(_LOCK, tenant, task, mark)
    if row is None or row["is_done"]:
        return False
    asked = showing.asked_of(row)
    if step.do == "auto_decide" and asked.decision is not None and step.outcome not in asked.refusals:
        raise NotForAClock(step.outcome)
    state: State = row["state"]
    if step.do in _MOVES:
        state = states.after(state, _MOVES[step.do])
    role = step.role if step.do == "reassign" and step.role is not None else row["role"]
    assignee = None if step.do == "reassign" else row["assignee"]
    outcome = step.outcome if step.do == "auto_decide" else None
    words = f"{step.after} of business time were over"
    reason = words if step.do in {"auto_decide", "expire"} else None
    await connection.execute(_CHANGE, tenant, task, state, role, assignee, outcome, reason)
    done, version = _DONE[step.do], row["version"] + 1
    await connection.execute(_NOTE, tenant, task, version, done, state, ACTOR, mark, words)
    if step.do in {"notify", "reassign"}:
        # Of who has no account none is told here: a link goes out to them.
        if step.role or role:
            await _tell(connection, tenant, row, step.role or role)
    else:
        await connection.execute("SELECT app.wake_task($1)", task)
    await _record(connection, tenant, row, step, done)
    return True


async def _tell(connection: Any, tenant: UUID, row: Mapping[str, Any], role: str) -> None:
    shown = ids.show("tsk", row["task_id"])
    told = {"task": shown, "kind": row["kind"], "since": notices.moment(row["created_at"])}
    if row["due_at"] is not None:
        told["due"] = notices.moment(row["due_at"])
    about = About(place="/tasks", subject=shown, owner=f"role:{role}")
    await notices.say(connection, tenant, DUE, about, told)


async def _record(connection: Any, tenant: UUID, row: Mapping[str, Any], step: Step, done: str) -> None:
    after = {"run": ids.show("run", row["run_id"]), "kind": row["kind"], "step": step.do, "after": step.after}
    after |= {name: given for name, given in (("role", step.role), ("outcome", step.outcome)) if given is not None}
    target = ids.show("tsk", row["task_id"])
    await audit.write(connection, tenant, actor=ACTOR, action=f"task.{done}", target=target, after=after)
