"""Whoever looks after a client's entities, as tests have them."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from services.records import entities, history, merging, reading
from services.records.history import Line
from services.records.keys import Key
from services.records.reading import Entity, Wanted

ACTOR = "account:acc_test"


def keys(*texts: str) -> list[Key]:
    """Of `system:id` each."""
    return [Key(*one.split(":", 1)) for one in texts]


class Desk(msgspec.Struct):
    session: AsyncSession
    tenant_id: UUID

    async def make(self, *texts: str, kind: str = "customer") -> Entity:
        return await entities.create(self.session, self.tenant_id, kind, keys(*texts), actor=ACTOR)

    async def find(self, one: Entity | UUID) -> Entity:
        wanted = one.entity_id if isinstance(one, Entity) else one
        return await reading.find(self.session, self.tenant_id, wanted, lock=True)

    async def having(self, text_: str, kind: str | None = "customer") -> list[Entity]:
        (key,) = keys(text_)
        wanted = Wanted(kind=kind, system=key.system, id=key.id)
        found, _ = await reading.listed(self.session, self.tenant_id, Page(50, None), wanted)
        return found

    async def link(self, one: Entity, text_: str, *, preferred: bool = False) -> Entity:
        (key,) = keys(text_)
        return await entities.link(self.session, await self.find(one), key, preferred=preferred, actor=ACTOR)

    async def unlink(self, one: Entity, text_: str) -> Entity:
        (key,) = keys(text_)
        return await entities.unlink(self.session, await self.find(one), key, actor=ACTOR)

    async def merge(self, one: Entity, other: Entity) -> Entity:
        return await merging.merge(self.session, await self.find(one), other.entity_id, "the same", actor=ACTOR)

    async def split(self, one: Entity, *texts: str, back_to: Entity | None = None) -> Entity:
        back = None if back_to is None else back_to.entity_id
        found = await self.find(one)
        return await merging.split(self.session, found, keys(*texts), "two", back_to=back, actor=ACTOR)

    async def lines(self, one: Entity) -> list[Line]:
        """The oldest first."""
        found, _ = await history.read(self.session, self.tenant_id, one.entity_id, Page(50, None))
        return found[::-1]

    async def audited(self) -> list[tuple[str, str]]:
        """Actions with their targets."""
        query = text("SELECT action, target FROM app.audit WHERE action LIKE 'entity.%' ORDER BY audit_id")
        return [(row.action, row.target) for row in await self.session.execute(query)]


def shown(one: Entity) -> list[str]:
    """Its keys; the preferred ones with a star."""
    return [f"{link.key.system}:{link.key.id}{'*' * link.is_preferred}" for link in one.links]
