"""What systems know entities by: the keys of the cross-reference (ADR 0072). The caller commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.records.errors import InvalidEntity, KeyTaken, TooManyKeys
from services.records.tables import KeyRow
from template_library import cross_references

MOST: Final = 500
"""Keys of one entity."""
PREFIX: Final = "ety"
"""What ids of entities begin with."""
SYSTEM: Final = cross_references.SYSTEM
ID: Final = cross_references.ID
_UNSEEN: Final = {"synchronize_session": False}
"""Nothing of the session's holds rows of keys."""


class Key(msgspec.Struct, frozen=True, order=True):
    """An id in a system, letter for letter: what a system pads with spaces is trimmed before."""

    system: str
    id: str


class Holder(msgspec.Struct, frozen=True):
    """Whose keys they are. The kind is part of each: a customer and an item may have one number."""

    tenant_id: UUID
    kind: str
    entity_id: UUID

    def rows(self) -> list[Any]:
        return [KeyRow.tenant_id == self.tenant_id, KeyRow.entity_id == self.entity_id]


def check(key: Key, pointer: str) -> None:
    """Raises InvalidEntity: the system or the id has no good form."""
    if SYSTEM.fullmatch(key.system) is None:
        raise InvalidEntity.at(f"{pointer}/system", "Name a system as its connection is: lower case, digits, - _ .")
    if ID.fullmatch(key.id) is None:
        raise InvalidEntity.at(f"{pointer}/value", "An id has 1 to 200 characters, without spaces around it")


def told(keys: Iterable[Key]) -> list[str]:
    """As the audit has them."""
    return [f"{one.system}:{one.id}" for one in keys]


async def add(session: AsyncSession, holder: Holder, keys: Iterable[Key], *, actor: str) -> None:
    """Give these to an entity, the first of a system preferred.

    Raises:
        KeyTaken: another entity of the kind has one of them.
        TooManyKeys: there would be more than 500.
    """
    for key in dict.fromkeys(keys):
        values = {"tenant_id": holder.tenant_id, "kind": holder.kind, "entity_id": holder.entity_id, "linked_by": actor}
        made = insert(KeyRow).values(**values, system=key.system, id=key.id).on_conflict_do_nothing()
        if (await session.execute(made.returning(KeyRow.id))).one_or_none() is None:
            raise await _taken(session, holder, key)
    counted = select(func.count()).select_from(KeyRow).where(*holder.rows())
    if (await session.scalar(counted) or 0) > MOST:
        raise TooManyKeys(f"An entity has at most {MOST} keys")
    await settle(session, holder)


async def remove(session: AsyncSession, holder: Holder, key: Key) -> None:
    """Take one away. The oldest that is left in its system is preferred."""
    await session.execute(delete(KeyRow).where(*holder.rows(), KeyRow.system == key.system, KeyRow.id == key.id))
    await settle(session, holder)


async def move(session: AsyncSession, source: Holder, keys: Sequence[Key], target: Holder) -> None:
    """From one entity to another of its kind. They are preferred there where nothing else is."""
    chosen = tuple_(KeyRow.system, KeyRow.id).in_([(one.system, one.id) for one in keys])
    moved = update(KeyRow).where(*source.rows(), chosen).values(entity_id=target.entity_id, is_preferred=False)
    await session.execute(moved, execution_options=_UNSEEN)
    await settle(session, source)
    await settle(session, target)


async def prefer(session: AsyncSession, holder: Holder, key: Key) -> None:
    """Of an entity's keys in a system this is the one to write by."""
    of_system = [*holder.rows(), KeyRow.system == key.system]
    others = update(KeyRow).where(*of_system, KeyRow.is_preferred, KeyRow.id != key.id).values(is_preferred=False)
    await session.execute(others, execution_options=_UNSEEN)
    this = update(KeyRow).where(*of_system, KeyRow.id == key.id).values(is_preferred=True)
    await session.execute(this, execution_options=_UNSEEN)


async def settle(session: AsyncSession, holder: Holder) -> None:
    """Of each system where none of an entity's keys is preferred the oldest one is from now on."""
    order = (KeyRow.is_preferred.desc(), KeyRow.linked_at, KeyRow.id)
    place = func.row_number().over(partition_by=KeyRow.system, order_by=order).label("place")
    chosen = select(KeyRow.system, KeyRow.id, place).where(*holder.rows()).subquery()
    same = (KeyRow.system == chosen.c.system, KeyRow.id == chosen.c.id, chosen.c.place == 1)
    await session.execute(
        update(KeyRow).where(*holder.rows(), ~KeyRow.is_preferred, *same).values(is_preferred=True),
        execution_options=_UNSEEN,
    )


async def _taken(session: AsyncSession, holder: Holder, key: Key) -> KeyTaken:
    at = [KeyRow.tenant_id == holder.tenant_id, KeyRow.kind == holder.kind]
    query = select(KeyRow.entity_id).where(*at, KeyRow.system == key.system, KeyRow.id == key.id)
    other = ids.show(PREFIX, (await session.execute(query)).scalar_one())
    return KeyTaken(f"`{key.id}` of `{key.system}` is that of {other}", entity=other)
