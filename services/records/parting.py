"""What was said of one entity goes with the keys that a split takes away (ADR 0136).

In a transaction of the tenant's scope, which the caller commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.folding import View, joined
from services.records.keys import Key
from services.records.reading import Entity
from services.records.tables import SightingRow, ViewRow


def systems_of(found: Entity, gone: Iterable[Key]) -> set[str]:
    """Those that know `found` by none of its keys once these are gone: all that they said was of the other."""
    left = {one.system for one in set(found.keys) - set(gone)}
    return {one.system for one in gone} - left


async def part(session: AsyncSession, found: Entity, other: UUID, systems: set[str]) -> None:
    """What `systems` said of `found` is of the other. Of a system that keeps a key nobody can tell what it meant."""
    sighted = (
        SightingRow.tenant_id == found.tenant_id,
        SightingRow.entity_id == found.entity_id,
        SightingRow.system.in_(systems),
    )
    await session.execute(update(SightingRow).where(*sighted).values(entity_id=other))
    of = (ViewRow.tenant_id == found.tenant_id, ViewRow.system.in_(systems))
    its = {row.system: row for row in await session.scalars(select(ViewRow).where(*of, ViewRow.entity_id == other))}
    for row in list(await session.scalars(select(ViewRow).where(*of, ViewRow.entity_id == found.entity_id))):
        known = its.get(row.system)
        if known is None:
            row.entity_id = other
        else:
            known.members = msgspec.to_builtins(joined(_view(known), _view(row)))
            row.members = {}
    await session.flush()


def _view(row: ViewRow) -> View:
    return msgspec.convert(row.members, View)
