"""Two entities that turn out to be one, and one that turns out to be two (ADR 0072).

Every function runs in a transaction of the tenant's scope, which the caller commits. `found` was read with its lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.records import contradictions, entities, history, keys, parting, reading
from services.records.errors import EntitiesDiffer, InvalidEntity, TooManyKeys
from services.records.history import Change
from services.records.keys import PREFIX, Holder, Key
from services.records.reading import Entity
from services.records.tables import MergeRow


async def merge(session: AsyncSession, found: Entity, other_id: UUID, reason: str, *, actor: str) -> Entity:
    """The other is `found`: its keys are found's from now on, and whoever asks for it is told of found.

    What is preferred of found stays so. Safe to repeat.

    Raises:
        UnknownEntity: the tenant has none of the other's id.
        EntitiesDiffer: they are of two kinds, or one and the same.
        EntityMerged: one of them stands for a third.
        TooManyKeys: together they have more than 500.
    """
    found.check_standing()
    other = await reading.find(session, found.tenant_id, other_id)
    if await _is_into(session, other_id, found):
        return found
    if other.kind != found.kind or other.entity_id == found.entity_id:
        raise EntitiesDiffer(f"An entity takes in another {found.kind}, and not itself")
    other.check_standing()
    if len(found.links) + len(other.links) > keys.MOST:
        raise TooManyKeys(f"An entity has at most {keys.MOST} keys")
    ones, others = [await reading.standing_for(session, found.tenant_id, each) for each in (found.entity_id, other_id)]
    await keys.move(session, other.holder, other.keys, found.holder)
    values = {"tenant_id": found.tenant_id, "entity_id": other_id, "kind": found.kind, "into_id": found.entity_id}
    await session.execute(insert(MergeRow).values(**values))
    change = Change("merged", found.entity_id, by=actor, other=other_id, keys=other.keys, reason=reason)
    await history.write(session, found.tenant_id, change)
    after = {"from": ids.show(PREFIX, other_id), "keys": keys.told(other.keys), "reason": reason}
    await entities.record(session, "merged", found.entity_id, after, actor=actor)
    # Runs that said that they are one are told no more that they are not.
    said = [contradictions.of_two(found.kind, *each) for each in product(ones, others)]
    await contradictions.settle_all(session, found.tenant_id, said)
    return await reading.find(session, found.tenant_id, found.entity_id)


async def split(  # noqa: PLR0913 (the thing, what of it goes where, and who asks)
    session: AsyncSession, found: Entity, given: Sequence[Key], reason: str, *, back_to: UUID | None, actor: str
) -> Entity:
    """Some of found's keys are another's: of one that was merged into it and stands for itself again, or of a new one.

    Answers that other one. What systems said goes along of those that know found by no key any more.

    Raises:
        InvalidEntity: found lacks one of the keys, or would be left without any.
        EntitiesDiffer: `back_to` was never merged into found, or is apart again.
        EntityMerged: found stands for another.
    """
    found.check_standing()
    wanted = sorted(set(given))
    if not wanted or not set(wanted) <= set(found.keys):
        raise InvalidEntity.at("/keys", "Name keys that the entity has")
    if len(wanted) == len(found.links):
        raise InvalidEntity.at("/keys", "One key at least stays: else nothing is split, and only the id is another")
    if back_to is None:
        other = await entities.add(session, found.tenant_id, found.kind, actor=actor)
    else:
        other = await _apart(session, back_to, found)
    await keys.move(session, found.holder, wanted, other)
    await parting.part(session, found, other.entity_id, parting.systems_of(found, wanted))
    change = Change("split", found.entity_id, by=actor, other=other.entity_id, keys=wanted, reason=reason)
    await history.write(session, found.tenant_id, change)
    after = {"into": ids.show(PREFIX, other.entity_id), "keys": keys.told(wanted), "reason": reason}
    await entities.record(session, "split", found.entity_id, after, actor=actor)
    return await reading.find(session, found.tenant_id, other.entity_id)


async def _apart(session: AsyncSession, merged: UUID, found: Entity) -> Holder:
    """Raises EntitiesDiffer."""
    if not await _is_into(session, merged, found):
        raise EntitiesDiffer("Only what was merged into this very entity is split back from it")
    gone = (MergeRow.tenant_id == found.tenant_id, MergeRow.entity_id == merged)
    await session.execute(delete(MergeRow).where(*gone))
    return Holder(found.tenant_id, found.kind, merged)


async def _is_into(session: AsyncSession, one: UUID, found: Entity) -> bool:
    """Whether it was merged into `found`, and still is."""
    at = (MergeRow.tenant_id == found.tenant_id, MergeRow.entity_id == one, MergeRow.into_id == found.entity_id)
    return await session.scalar(select(MergeRow.entity_id).where(*at)) is not None
