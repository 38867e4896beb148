"""Somebody without an account answers a task by their link (ADR 0112).

They see what the task says in `shown`, its form, and what they sent themselves. In a transaction of the tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.mail.template import visible
from services.engine import values
from services.human_tasks import clock, forms, looking_up, showing, states
from services.human_tasks.acting import OUTSIDE
from services.human_tasks.deciding import Decision
from services.human_tasks.errors import AnswerRefused, TaskChanged
from services.human_tasks.forms import Forms
from services.human_tasks.showing import Shown
from services.links import links
from services.links.links import Link
from tenants.audit import digests
from tenants.audit import writing as audit
from tenants.organizations.errors import InvalidField
from tenants.organizations.link_texts import LinkOver

ROLES: Final = frozenset({OUTSIDE})
"""By which they see and fill in a form: what names other roles is not for them."""
_READ: Final = """
SELECT t.task_id, t.run_id, t.kind, t.title, t.role, t.state, t.version, t.due_at, t.outcome, t.salt,
  t.reason, t.answer::text AS answer, t.content::text AS content,
  NOT EXISTS (SELECT FROM app.run r
              WHERE r.tenant_id = t.tenant_id AND r.run_id = t.run_id AND r.ended_at IS NULL) AS is_left
FROM app.human_task t WHERE t.tenant_id = $1 AND t.task_id = $2
"""
_LOCKED: Final = _READ + "FOR UPDATE OF t"
_NOTE: Final = (
    "INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, target, note) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)
_COMPLETE: Final = (
    "UPDATE app.human_task SET state = 'completed', version = version + 1, assignee = NULL, outcome = $3, answer = $4, "
    "decided_by = $5, decided_at = clock_timestamp(), reason = $6, closed_at = clock_timestamp(), "
    "changed_at = clock_timestamp() WHERE tenant_id = $1 AND task_id = $2"
)


def actor_of(link: Link) -> str:
    """As audit and history name who it was: whose link it is stands in the task."""
    return f"{OUTSIDE}:{link.shown}"


async def read(connection: Any, link: Link) -> Mapping[str, Any]:
    """The task of the link. Raises LinkOver: it is nobody's outside any more, or was closed by others."""
    row: Mapping[str, Any] | None = await connection.fetchrow(_READ, link.tenant_id, _task(link))
    return _checked(row, link)


def shown(row: Mapping[str, Any], known: Forms) -> Shown:
    """All that they see of the task: what the authority would judge by is the client's own."""
    found = showing.to_person(row, showing.asked_of(row), known, ROLES)
    return msgspec.structs.replace(found, facts={}, about=None, value=None, decision=None)


async def is_given(connection: Any, link: Link, wanted: Decision, known: Forms) -> bool:
    """Whether this is the answer that was given by the link, which was used. Raises LinkOver."""
    row = await read(connection, link)
    if row["answer"] is None or row["outcome"] != wanted.outcome or _words(wanted) not in {None, row["reason"]}:
        return False
    try:
        filled = forms.checked(known, showing.asked_of(row).form, ROLES, wanted.values, wanted.outcome)
    except AnswerRefused:
        return False
    return bool(msgspec.json.decode(values.encode(filled)) == msgspec.json.decode(row["answer"]))


async def answer(connection: Any, link: Link, wanted: Decision, known: Forms, network: str | None) -> UUID:
    """Answer the task, audited as the outside participant's; its run. Uses the link up.

    Raises:
        LinkOver, TaskChanged, InvalidField, AnswerRefused: nothing was decided.
    """
    row = await _locked(connection, link)
    asked = showing.asked_of(row)
    if wanted.outcome not in asked.outcomes:
        raise InvalidField("/outcome", f"it takes one of {', '.join(asked.outcomes)}")
    seen = shown(row, known).digest()
    if wanted.saw != seen.hex():
        raise TaskChanged("What the task shows is not what you saw")
    filled = forms.checked(known, asked.form, ROLES, wanted.values, wanted.outcome)
    looking_up.refuse(known, asked.form, ROLES, given=wanted.values)
    await links.use(connection, link)
    kept, actor, version = values.encode(filled).decode(), actor_of(link), row["version"] + 1
    why = _words(wanted)
    tenant, task = link.tenant_id, row["task_id"]
    await connection.execute(_COMPLETE, tenant, task, wanted.outcome, kept, actor, why)
    state = states.after(row["state"], "complete")
    await connection.execute(_NOTE, tenant, task, version, "completed", state, actor, wanted.outcome, why)
    after = {
        "run": ids.show("run", row["run_id"]),
        "kind": row["kind"],
        "outcome": wanted.outcome,
        "from": network,
        "via": "link",
        "digests": digests.together(row["salt"], shown=seen, answer=kept, why=why),
        "version": version,
    }
    told = {name: value for name, value in after.items() if value is not None}
    await audit.write(connection, tenant, actor=actor, action="task.completed", target=link.subject, after=told)
    await clock.end(connection, tenant, task, "completed")
    await connection.execute("SELECT app.wake_task($1)", task)
    run: UUID = row["run_id"]
    return run


async def _locked(connection: Any, link: Link) -> Mapping[str, Any]:
    row: Mapping[str, Any] | None = await connection.fetchrow(_LOCKED, link.tenant_id, _task(link))
    return _checked(row, link)


def _checked(row: Mapping[str, Any] | None, link: Link) -> Mapping[str, Any]:
    if row is None or row["role"]:
        raise LinkOver
    if link.used_at is None and (row["state"] not in states.OPEN or row["is_left"]):
        raise LinkOver
    return row


def _words(wanted: Decision) -> str | None:
    return None if wanted.why is None else visible(values.plain(wanted.why)) or None


def _task(link: Link) -> UUID:
    return ids.read("tsk", link.subject)
