"""Business entities: made, and linked with what each system knows them by (ADR 0072).

Every function runs in a transaction of the tenant's scope, which the caller commits. `found` was read with its lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.records import history, keys, reading
from services.records.errors import InvalidEntity, UnknownEntity
from services.records.history import Change
from services.records.keys import PREFIX, Holder, Key
from services.records.reading import Entity
from services.records.tables import EntityRow
from template_library.records import registry
from tenants.audit import service as audit


async def create(session: AsyncSession, tenant_id: UUID, kind: str, given: Sequence[Key], *, actor: str) -> Entity:
    """A new entity with these keys, the first of each system preferred.

    Raises:
        InvalidEntity: the kind is no record, or a key has no good form.
        KeyTaken: another entity has one of them.
        TooManyKeys: there are more than 500.
    """
    check_kind(kind)
    for place, key in enumerate(given):
        keys.check(key, f"/keys/{place}")
    await reading.turn(session, tenant_id, kind)
    holder = await add(session, tenant_id, kind, actor=actor)
    await keys.add(session, holder, given, actor=actor)
    await history.write(session, tenant_id, Change("created", holder.entity_id, keys=given, by=actor))
    await record(session, "created", holder.entity_id, {"kind": kind, "keys": keys.told(given)}, actor=actor)
    return await reading.find(session, tenant_id, holder.entity_id)


async def link(session: AsyncSession, found: Entity, key: Key, *, preferred: bool, actor: str) -> Entity:
    """Say that a system knows the entity by this key, or that this one is to be written by. Safe to repeat.

    Raises:
        InvalidEntity, KeyTaken, TooManyKeys: as for `create`.
        EntityMerged: it stands for another.
    """
    keys.check(key, "")
    found.check_standing()
    if key not in found.keys:
        await keys.add(session, found.holder, [key], actor=actor)
        await history.write(session, found.tenant_id, Change("linked", found.entity_id, keys=[key], by=actor))
    if preferred:
        await keys.prefer(session, found.holder, key)
    after = await reading.find(session, found.tenant_id, found.entity_id)
    if after != found:
        told = {"keys": keys.told([key]), "preferred": preferred}
        await record(session, "linked", found.entity_id, told, actor=actor)
    return after


async def unlink(session: AsyncSession, found: Entity, key: Key, *, actor: str) -> Entity:
    """Say that a system does not know the entity by this key any more. The oldest that is left there is preferred.

    Raises:
        UnknownEntity: it has no such key.
        EntityMerged: it stands for another.
    """
    found.check_standing()
    if key not in found.keys:
        raise UnknownEntity
    await keys.remove(session, found.holder, key)
    await history.write(session, found.tenant_id, Change("unlinked", found.entity_id, keys=[key], by=actor))
    await record(session, "unlinked", found.entity_id, {"keys": keys.told([key])}, actor=actor)
    return await reading.find(session, found.tenant_id, found.entity_id)


async def add(session: AsyncSession, tenant_id: UUID, kind: str, *, actor: str) -> Holder:
    """An entity without keys; whoever makes one gives it some and says so in its history."""
    entity_id = ids.new()
    values = {"tenant_id": tenant_id, "entity_id": entity_id, "kind": kind, "created_by": actor}
    await session.execute(insert(EntityRow).values(**values))
    return Holder(tenant_id, kind, entity_id)


def check_kind(kind: str) -> None:
    """Raises InvalidEntity: no record has this name."""
    if kind not in registry.names():
        raise InvalidEntity.at("/kind", f"A kind is the name of a record, such as customer; {kind[:63]!r} is none")


async def record(session: AsyncSession, verb: str, entity_id: UUID, after: dict[str, Any], *, actor: str) -> None:
    """In the audit."""
    target = ids.show(PREFIX, entity_id)
    await audit.record(session, actor=actor, action=f"entity.{verb}", target=target, after=after)
