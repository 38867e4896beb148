"""Entities as they are read: with their keys, and what they stand for (ADR 0072).

Every function runs in a transaction of the tenant's scope. Columns are read and no objects, so that what the same
transaction has changed is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from infra.pagination import Page, cut
from services.records.errors import EntityMerged, UnknownEntity
from services.records.keys import PREFIX, Holder, Key
from services.records.tables import EntityRow, KeyRow, MergeRow


class Link(msgspec.Struct, frozen=True):
    """A key that an entity has. `is_preferred`: of several in one system the one to write by."""

    key: Key
    is_preferred: bool
    linked_at: datetime
    linked_by: str


class Entity(msgspec.Struct, frozen=True):
    """One entity; `stands_for` is the one that it turned out to be, or itself. `links` by system, the oldest first."""

    tenant_id: UUID
    entity_id: UUID
    kind: str
    created_at: datetime
    stands_for: UUID
    links: tuple[Link, ...]

    @property
    def keys(self) -> list[Key]:
        return [one.key for one in self.links]

    @property
    def holder(self) -> Holder:
        return Holder(self.tenant_id, self.kind, self.entity_id)

    def check_standing(self) -> None:
        """Raises EntityMerged: it stands for another."""
        if self.stands_for != self.entity_id:
            other = ids.show(PREFIX, self.stands_for)
            raise EntityMerged(f"It was merged into {other}", entity=other)


async def turn(session: AsyncSession, tenant_id: UUID, kind: str) -> None:
    """Nobody else changes an entity of this kind until the transaction ends."""
    await take_turn(session, "entities", tenant_id, kind)


async def find(session: AsyncSession, tenant_id: UUID, entity_id: UUID, *, lock: bool = False) -> Entity:
    """The entity; with `lock` after its kind's turn, so that it stays as it is read.

    Raises:
        UnknownEntity: the tenant has none of this id.
    """
    if lock:
        at = (EntityRow.tenant_id == tenant_id, EntityRow.entity_id == entity_id)
        kind = await session.scalar(select(EntityRow.kind).where(*at))
        if kind is None:
            raise UnknownEntity
        await turn(session, tenant_id, kind)
    found = await _read(session, tenant_id, [entity_id])
    if not found:
        raise UnknownEntity
    return found[0]


async def standing_for(session: AsyncSession, tenant_id: UUID, entity_id: UUID) -> tuple[UUID, ...]:
    """The entity, whether there is one or not, and those that turned out to be it."""
    way = select(literal(entity_id, Uuid).label("at")).cte("way", recursive=True)
    into = (MergeRow.tenant_id == tenant_id, MergeRow.into_id == way.c.at)
    way = way.union(select(MergeRow.entity_id).where(*into))
    return tuple(await session.scalars(select(way.c.at)))


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entities; None: any. `id`: as a system knows it, in `system` or in whichever."""

    kind: str | None = None
    system: str | None = None
    id: str | None = None


async def listed(session: AsyncSession, tenant_id: UUID, page: Page, wanted: Wanted) -> tuple[list[Entity], str | None]:
    """Newest first, and the position of the next page."""
    query = select(EntityRow.entity_id).where(EntityRow.tenant_id == tenant_id)
    if wanted.kind is not None:
        query = query.where(EntityRow.kind == wanted.kind)
    if wanted.system is not None or wanted.id is not None:
        having = select(KeyRow.entity_id).where(KeyRow.tenant_id == tenant_id)
        if wanted.system is not None:
            having = having.where(KeyRow.system == wanted.system)
        if wanted.id is not None:
            having = having.where(KeyRow.id == wanted.id)
        query = query.where(EntityRow.entity_id.in_(having))
    if page.after is not None:
        query = query.where(EntityRow.entity_id < UUID(page.after))
    rows = await session.scalars(query.order_by(EntityRow.entity_id.desc()).limit(page.limit + 1))
    shown, position = cut(list(rows), page, str)
    return await _read(session, tenant_id, shown), position


async def _read(session: AsyncSession, tenant_id: UUID, wanted: Sequence[UUID]) -> list[Entity]:
    """Those that are there, in this order."""
    columns: Any = (EntityRow.entity_id, EntityRow.kind, EntityRow.created_at)
    query = select(*columns).where(EntityRow.tenant_id == tenant_id, EntityRow.entity_id.in_(wanted))
    rows = {row.entity_id: row for row in await session.execute(query)}
    roots = await _standing(session, tenant_id, wanted)
    links = await _links(session, tenant_id, wanted)
    return [
        Entity(tenant_id, one, rows[one].kind, rows[one].created_at, roots.get(one, one), tuple(links.get(one, ())))
        for one in wanted
        if one in rows
    ]


async def _links(session: AsyncSession, tenant_id: UUID, wanted: Sequence[UUID]) -> dict[UUID, list[Link]]:
    columns: Any = (KeyRow.entity_id, KeyRow.system, KeyRow.id, KeyRow.is_preferred, KeyRow.linked_at, KeyRow.linked_by)
    query = select(*columns).where(KeyRow.tenant_id == tenant_id, KeyRow.entity_id.in_(wanted))
    found: dict[UUID, list[Link]] = {}
    for row in await session.execute(query.order_by(KeyRow.system, KeyRow.linked_at, KeyRow.id)):
        one = Link(Key(row.system, row.id), row.is_preferred, row.linked_at, row.linked_by)
        found.setdefault(row.entity_id, []).append(one)
    return found


async def _standing(session: AsyncSession, tenant_id: UUID, wanted: Sequence[UUID]) -> dict[UUID, UUID]:
    """By merged entity the one at the end of the way, which is merged into none."""
    way = (
        select(MergeRow.entity_id.label("of"), MergeRow.into_id.label("at"))
        .where(MergeRow.tenant_id == tenant_id, MergeRow.entity_id.in_(wanted))
        .cte("way", recursive=True)
    )
    next_one = (MergeRow.tenant_id == tenant_id, MergeRow.entity_id == way.c.at)
    way = way.union_all(select(way.c.of, MergeRow.into_id).where(*next_one))
    further = select(MergeRow.entity_id).where(MergeRow.tenant_id == tenant_id, MergeRow.entity_id == way.c.at)
    found = await session.execute(select(way.c.of, way.c.at).where(~further.exists()))
    return {row.of: row.at for row in found}
