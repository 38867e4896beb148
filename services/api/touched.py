"""A decision about a task is a touch of the entity that it is about, with what its page measured (ADR 0105)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import ids
from infra.ids import TenantId
from services.human_tasks.deciding import Deed
from services.touches import writing
from services.touches.writing import Touch


async def of_task(connection: Any, tenant: UUID, deed: Deed) -> None:
    """In the transaction of the decision."""
    kind, key = deed.entity or ("human-task", ids.show("tsk", deed.task))
    is_acting = deed.person.actor.startswith("acting:")
    touch = Touch(
        kind=kind,
        key=key,
        step=deed.kind,
        account=deed.person.account,
        source="mail" if deed.person.via == "mail" else "task",
        actor_kind="acting" if is_acting else "person",
        seconds=deed.seconds,
        run=deed.run,
    )
    await writing.write(connection, TenantId(tenant), touch)
