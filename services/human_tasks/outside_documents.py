"""Documents that somebody without an account sends for a task by their link (ADR 0112)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.documents.repository import SHOWN
from services.documents.tables import Document
from services.human_tasks import outside
from services.human_tasks.acting import OUTSIDE
from services.human_tasks.tables import HumanTask, HumanTaskEvent
from services.links.links import Link
from tenants.audit import service as audit
from tenants.organizations.errors import InvalidField
from tenants.organizations.link_texts import LinkOver

MOST: Final = 20
_SENT: Final = """
SELECT d.name, d.size, d.state FROM app.human_task_event e
JOIN app.document d ON d.tenant_id = e.tenant_id AND d.document_id = app.read_id(e.target)
WHERE e.tenant_id = $1 AND e.task_id = $2 AND e.action = 'attached' AND e.made_by LIKE 'outside:%'
  AND d.state IN ('held', 'clean', 'unscanned', 'infected') ORDER BY e.number
"""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A document that came by the link. `held`: nobody has looked into it yet, and nobody is handed it before."""

    name: str
    size: int
    state: str


async def sent(connection: Any, link: Link) -> list[Sent]:
    """What came for the task from outside, in its order; `connection` (asyncpg) is of the tenant."""
    rows = await connection.fetch(_SENT, link.tenant_id, _task(link))
    return [Sent(**row) for row in rows]


async def run_of(connection: Any, link: Link) -> UUID:
    """The run that a document is for. Raises LinkOver, InvalidField: none is taken, or none more."""
    row = await outside.read(connection, link)
    _check_room(len(await sent(connection, link)))
    run: UUID = row["run_id"]
    return run


async def attach(session: AsyncSession, link: Link, document: UUID) -> None:
    """Put a document of the task's run to the task, which colleagues see there.

    The session, which is of the tenant's scope, has the task until it commits: of many that come at once no more are
    taken than there may be, and none for a task that is over.

    Raises:
        LinkOver, InvalidField: as `run_of`.
    """
    tenant, task = link.tenant_id, _task(link)
    its = (HumanTask.tenant_id == tenant) & (HumanTask.task_id == task)
    row = (await session.scalars(select(HumanTask).where(its).with_for_update())).one_or_none()
    if row is None or row.role or row.closed_at is not None:
        raise LinkOver
    _check_room(await _count(session, tenant, task))
    version, actor, target = row.version + 1, outside.actor_of(link), ids.show("doc", document)
    touched = update(HumanTask).where(its).values(version=version, changed_at=func.clock_timestamp())
    await session.execute(touched.execution_options(synchronize_session=False))
    note = {"tenant_id": tenant, "task_id": task, "number": version, "action": "attached", "state": row.state}
    await session.execute(insert(HumanTaskEvent).values(**note, made_by=actor, target=target))
    after = {"run": ids.show("run", row.run_id), "kind": row.kind, "to": target, "version": version}
    await audit.record(session, actor=actor, action="task.attached", target=link.subject, after=after)


async def _count(session: AsyncSession, tenant: UUID, task: UUID) -> int:
    """As `sent` lists them."""
    is_same = (Document.tenant_id == HumanTaskEvent.tenant_id) & (
        Document.document_id == func.app.read_id(HumanTaskEvent.target)
    )
    query = (
        select(func.count())
        .select_from(HumanTaskEvent)
        .join(Document, is_same)
        .where(
            HumanTaskEvent.tenant_id == tenant,
            HumanTaskEvent.task_id == task,
            HumanTaskEvent.action == "attached",
            HumanTaskEvent.made_by.like(f"{OUTSIDE}:%"),
            Document.state.in_(SHOWN),
        )
    )
    return (await session.execute(query)).scalar_one()


def _check_room(taken: int) -> None:
    if taken >= MOST:
        raise InvalidField("/name", f"{MOST} documents came already, and no more are taken")


def _task(link: Link) -> UUID:
    return ids.read("tsk", link.subject)
