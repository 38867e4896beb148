"""People say whose documents are kept whatever their age: of an entity, and of what was merged into it (S-86).

Every function runs in a transaction of the tenant's scope, which the caller commits.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.documents.errors import EntityNotKept
from services.documents.tables import KeptEntity
from services.records import reading
from services.records.errors import UnknownEntity
from services.records.keys import PREFIX
from tenants.audit import service as audit


async def keep(session: AsyncSession, tenant: UUID, entity: UUID, reason: str, *, actor: str) -> KeptEntity:
    """Safe to repeat; the reason is then the new one.

    Raises:
        UnknownEntity: the tenant has none of this id.
    """
    await reading.find(session, tenant, entity)
    made = insert(KeptEntity).values(tenant_id=tenant, entity_id=entity, reason=reason, kept_by=actor)
    changed = {"reason": reason, "kept_by": actor}
    await session.execute(made.on_conflict_do_update(index_elements=["tenant_id", "entity_id"], set_=changed))
    target = ids.show(PREFIX, entity)
    await audit.record(session, actor=actor, action="entity.kept", target=target, after={"reason": reason})
    its = (KeptEntity.tenant_id == tenant, KeptEntity.entity_id == entity)
    found = await session.scalar(select(KeptEntity).where(*its))
    if found is None:
        raise UnknownEntity
    return found


async def let_go(session: AsyncSession, tenant: UUID, entity: UUID, *, actor: str) -> None:
    """Its documents are kept no longer than others.

    Raises:
        UnknownEntity: the tenant has none of this id.
        EntityNotKept: nobody kept it itself.
    """
    its = (KeptEntity.tenant_id == tenant, KeptEntity.entity_id == entity)
    if await session.scalar(delete(KeptEntity).where(*its).returning(KeptEntity.entity_id)) is None:
        await reading.find(session, tenant, entity)
        raise EntityNotKept
    await audit.record(session, actor=actor, action="entity.let-go", target=ids.show(PREFIX, entity))
