"""All SQL about documents that the API's role speaks, in a tenant's scope."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from services.archives.tables import KeptRun
from services.documents.tables import Document, DocumentKey
from services.engine.tables import Run

SHOWN: Final = ("held", "clean", "unscanned", "infected")
"""States of a document that somebody may see."""


class Of(msgspec.Struct, frozen=True):
    """Whose documents are meant: a run's, or else those of entities."""

    run: UUID | None = None
    entities: tuple[UUID, ...] = ()

    def rows(self) -> ColumnElement[bool]:
        return Document.entity_id.in_(self.entities) if self.run is None else Document.run_id == self.run


async def run_is_there(session: AsyncSession, tenant: UUID, run: UUID) -> bool:
    query = select(Run.run_id).where(Run.tenant_id == tenant, Run.run_id == run)
    return (await session.execute(query)).scalar_one_or_none() is not None


async def run_is_kept(session: AsyncSession, tenant: UUID, run: UUID) -> bool:
    query = select(KeptRun.run_id).where(KeptRun.tenant_id == tenant, KeptRun.run_id == run)
    return (await session.execute(query)).scalar_one_or_none() is not None


async def entity_is_kept(session: AsyncSession, tenant: UUID, entity: UUID) -> bool:
    """It, or one that it turned out to be."""
    return await session.scalar(select(func.app.entity_is_kept(tenant, entity))) is True


async def add(session: AsyncSession, values: dict[str, Any]) -> None:
    await session.execute(insert(Document).values(**values))


async def become(
    session: AsyncSession, tenant: UUID, document: UUID, was: tuple[str, ...], values: dict[str, Any]
) -> bool:
    """Whether it was in one of the states `was`."""
    changed = (
        update(Document)
        .where(Document.tenant_id == tenant, Document.document_id == document, Document.state.in_(was))
        .values(changed_at=func.clock_timestamp(), **values)
        .returning(Document.document_id)
    )
    return (await session.execute(changed)).scalar_one_or_none() is not None


async def find(session: AsyncSession, tenant: UUID, of: Of, document: UUID, *, lock: bool = False) -> Document | None:
    """With `lock` it stays as it is until the transaction ends."""
    query = select(Document).where(
        Document.tenant_id == tenant,
        of.rows(),
        Document.document_id == document,
        Document.state.in_(SHOWN),
    )
    return (await session.scalars(query.with_for_update() if lock else query)).one_or_none()


async def listed(session: AsyncSession, tenant: UUID, of: Of, page: Page) -> list[Document]:
    """Newest first; one more than the page holds."""
    query = select(Document).where(Document.tenant_id == tenant, of.rows(), Document.state.in_(SHOWN))
    if page.after is not None:
        query = query.where(Document.document_id < UUID(page.after))
    return list((await session.scalars(query.order_by(Document.document_id.desc()).limit(page.limit + 1))).all())


async def after(session: AsyncSession, tenant: UUID, behind: UUID | None, most: int) -> list[Document]:
    """All that the tenant has, in their order."""
    query = select(Document).where(Document.tenant_id == tenant, Document.state.in_(SHOWN))
    if behind is not None:
        query = query.where(Document.document_id > behind)
    return list((await session.scalars(query.order_by(Document.document_id).limit(most))).all())


async def newest_key(session: AsyncSession, tenant: UUID) -> DocumentKey | None:
    query = select(DocumentKey).where(DocumentKey.tenant_id == tenant).order_by(DocumentKey.version.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def key(session: AsyncSession, tenant: UUID, version: int) -> DocumentKey | None:
    return await session.get(DocumentKey, (tenant, version))


async def add_key(session: AsyncSession, tenant: UUID, version: int, wrapped: bytes) -> None:
    """Unless somebody just did."""
    made = insert(DocumentKey).values(tenant_id=tenant, version=version, wrapped=wrapped)
    await session.execute(made.on_conflict_do_nothing())
