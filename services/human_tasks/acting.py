"""What people do with a task short of deciding it, one at a time; audited in the same commit (ADR 0097)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.problems import Forbidden, NotFound
from services.human_tasks import people, states
from services.human_tasks.errors import NotYourTask, TaskChanged, TaskOver, TaskTaken
from services.human_tasks.people import Person
from services.human_tasks.states import HELD, OPEN, State
from services.links import links
from tenants.audit import writing as audit
from tenants.organizations.errors import InvalidField

Action = Literal["claim", "release", "delegate", "reassign", "comment", "attach", "send", "withdraw"]
_DONE: Final[dict[Action, str]] = {
    "claim": "claimed",
    "release": "released",
    "delegate": "delegated",
    "reassign": "reassigned",
    "comment": "commented",
    "attach": "attached",
    "send": "sent",
    "withdraw": "withdrawn",
}
OUTSIDE: Final = "outside"
"""What the links of outside participants are for, and whose they are: a task has one."""
_LOCK: Final = """
SELECT t.task_id, t.run_id, t.reference, t.created_at, t.kind, t.title, t.role, t.decision, t.state, t.version,
  t.assignee, t.is_given, app.keeps_task(t.tenant_id, t.assignee, t.role, t.is_given) AS is_kept, t.outcome,
  t.decided_by, t.entity_kind, t.entity_key, t.content::text AS content, NOT EXISTS (
    SELECT FROM app.run r WHERE r.tenant_id = t.tenant_id AND r.run_id = t.run_id AND r.ended_at IS NULL) AS is_left
FROM app.human_task t WHERE t.tenant_id = $1 AND t.task_id = $2 FOR UPDATE OF t
"""
_MOVE: Final = (
    "UPDATE app.human_task SET state = $3, assignee = $4, role = $5, is_given = $6, version = version + 1, "
    "changed_at = clock_timestamp() WHERE tenant_id = $1 AND task_id = $2"
)
_NOTE: Final = (
    "INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, behalf, target, note) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)
_DOCUMENT: Final = """
SELECT true FROM app.document d WHERE d.tenant_id = $1 AND d.document_id = $2 AND d.run_id = $3
  AND d.state IN ('held', 'clean', 'unscanned')
"""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """`to`: of a delegation `account:…`, of a reassignment `role:…`. `seen`: the task's version, None for any."""

    action: Action
    seen: int | None = None
    to: str | None = None
    words: str | None = None
    document: UUID | None = None


async def locked(connection: Any, tenant: UUID, task: UUID, person: Person) -> Mapping[str, Any]:
    """The task, until the transaction ends. Raises NotFound: none of this id that the person sees."""
    row: Mapping[str, Any] | None = await connection.fetchrow(_LOCK, tenant, task)
    if row is None or not person.sees(row["role"], row["assignee"], is_given=row["is_given"]):
        raise NotFound
    return row


async def version(connection: Any, tenant: UUID, task: UUID) -> int:
    """The task's, until the transaction ends. Raises NotFound."""
    row = await connection.fetchrow(_LOCK, tenant, task)
    if row is None:
        raise NotFound
    found: int = row["version"]
    return found


def check_open(row: Mapping[str, Any], seen: int | None) -> None:
    """Raises TaskOver, TaskChanged: nothing may be done with it, or nothing without another look."""
    if row["state"] not in OPEN or row["is_left"]:
        raise TaskOver(f"It is {row['state']}" if row["state"] not in OPEN else "Its run has ended")
    if seen is not None and seen != row["version"]:
        raise TaskChanged


def behalf_of(row: Mapping[str, Any], person: Person) -> UUID | None:
    """For whom the person has the task in hand, None for themselves. Raises NotYourTask, TaskTaken."""
    is_theirs, behalf = person.behalf(row["role"], row["assignee"], is_given=row["is_given"])
    if is_theirs:
        return behalf
    is_theirs, behalf = person.behalf(row["role"], None)
    if not is_theirs:
        raise NotYourTask(f"It is in the queue of the role {row['role']}")
    if row["state"] in HELD and row["is_kept"]:
        raise TaskTaken
    # Offered to somebody first, and to whoever has the role behind them; or in the hands of who has lost it.
    return behalf


def _is_theirs(row: Mapping[str, Any], person: Person) -> bool:
    return person.behalf(row["role"], row["assignee"], is_given=row["is_given"])[0]


async def act(connection: Any, tenant: UUID, task: UUID, person: Person, wanted: Act) -> UUID:
    """Do it, and audit it; answers the task's run. The same claim of the same person changes nothing.

    Raises:
        NotFound, TaskOver, TaskChanged, TaskTaken, NotYourTask, TaskStands: nothing was done.
        Forbidden: only who manages tasks reassigns them, takes them out of others' hands, or sends and withdraws links.
        InvalidField: nobody, no role or no document of this name.
    """
    row = await locked(connection, tenant, task, person)
    is_in_hand = (row["state"], row["assignee"]) == ("claimed", person.account) and _is_theirs(row, person)
    if wanted.action == "claim" and is_in_hand:
        return _run_of(row)
    check_open(row, wanted.seen)
    behalf, state, assignee, role = await _moved(connection, tenant, row, person, wanted)
    is_given = wanted.action == "delegate" or (row["is_given"] and assignee == row["assignee"])
    await connection.execute(_MOVE, tenant, task, state, assignee, role, is_given)
    if wanted.action == "withdraw":
        await links.withdraw(connection, tenant, OUTSIDE, ids.show("tsk", task))
    target = wanted.to if wanted.document is None else ids.show("doc", wanted.document)
    done = _DONE[wanted.action]
    version = row["version"] + 1
    await connection.execute(
        _NOTE, tenant, task, version, done, state, person.actor, behalf, target, wanted.words or None
    )
    after = {"run": ids.show("run", row["run_id"]), "kind": row["kind"], "on_behalf_of": people.shown(behalf)}
    after |= {"to": target, "from": person.network, "version": version}
    told = {name: value for name, value in after.items() if value is not None}
    shown = ids.show("tsk", task)
    await audit.write(connection, tenant, actor=person.actor, action=f"task.{done}", target=shown, after=told)
    return _run_of(row)


async def _moved(
    connection: Any, tenant: UUID, row: Mapping[str, Any], person: Person, wanted: Act
) -> tuple[UUID | None, State, UUID | None, str]:
    """For whom it is done, and the state, the holder and the role of the task from then on."""
    state, assignee, role = row["state"], row["assignee"], row["role"]
    match wanted.action:
        case "claim":
            return behalf_of(row, person), states.after(state, "claim"), person.account, role
        case "release":
            behalf = None if person.manages else behalf_of(row, person)
            return behalf, states.after(state, "release"), None, role
        case "delegate":
            behalf = None if person.manages else behalf_of(row, person)
            colleague = await _colleague(connection, tenant, wanted.to)
            if colleague == person.account and not _is_theirs(row, person):
                raise NotYourTask("Who gives work out gives none to themselves that is not theirs")
            return behalf, states.after(state, "delegate"), colleague, role
        case "reassign":
            if not person.manages:
                raise Forbidden("The permission tasks:manage is needed", permission="tasks:manage")
            return None, states.after(state, "reassign"), None, await _queue(connection, tenant, wanted.to)
        case "send" | "withdraw":
            _check_outside(row, person)
            return None, state, assignee, role
        case "attach":
            await _check_document(connection, tenant, row, wanted.document)
    # Who sees it may say something to it, whoever has it in hand.
    return person.behalf(role, assignee, is_given=row["is_given"])[1], state, assignee, role


def _check_outside(row: Mapping[str, Any], person: Person) -> None:
    if not person.manages:
        raise Forbidden("The permission tasks:manage is needed", permission="tasks:manage")
    if row["role"]:
        raise InvalidField("/action", "the task is for the client's own people, and nobody outside has its link")


async def _colleague(connection: Any, tenant: UUID, to: str | None) -> UUID:
    try:
        account = ids.read("acc", (to or "").removeprefix("account:"))
    except ids.MalformedId:
        raise InvalidField("/to", "name somebody: account:acc_…") from None
    if not await people.is_active(connection, tenant, account):
        raise InvalidField("/to", "no active account of this client has this id")
    return account


async def _queue(connection: Any, tenant: UUID, to: str | None) -> str:
    role = (to or "").removeprefix("role:")
    if not role or await connection.fetchval("SELECT app.client_role($1, $2)", tenant, role) != "active":
        raise InvalidField("/to", "name an active role of this client's people: role:…")
    return role


async def _check_document(connection: Any, tenant: UUID, row: Mapping[str, Any], document: UUID | None) -> None:
    if document is None or not await connection.fetchval(_DOCUMENT, tenant, document, row["run_id"]):
        raise InvalidField("/document", "no document of the task's run has this id: add it there first")


def _run_of(row: Mapping[str, Any]) -> UUID:
    found: UUID = row["run_id"]
    return found
