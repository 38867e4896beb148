"""Whom a system speaks of: the entity of its id, which is made where nobody knows it yet (ADR 0072).

For intake, in its transaction (asyncpg). Takes the turns that `reading.turn` takes, in the order of kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.records.keys import PREFIX, Key, told
from tenants.audit import writing as audit

_FIND: Final = "SELECT entity_id FROM app.entity_key WHERE tenant_id = $1 AND kind = $2 AND system = $3 AND id = $4"
_MAKE: Final = "INSERT INTO app.entity (tenant_id, entity_id, kind, created_by) VALUES ($1, $2, $3, $4)"
_GIVE: Final = """
INSERT INTO app.entity_key (tenant_id, kind, system, id, entity_id, is_preferred, linked_by)
SELECT $1, $2, $3, $4, $5, NOT EXISTS (
  SELECT 1 FROM app.entity_key WHERE tenant_id = $1 AND entity_id = $5 AND system = $3 AND is_preferred
), $6
"""
_CHANGE: Final = """
INSERT INTO app.entity_change (tenant_id, change_id, entity_id, what, keys, by) VALUES ($1, $2, $3, $4, $5, $6)
"""
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 43))"
_SPLIT: Final = """
SELECT EXISTS (SELECT 1 FROM app.entity_change
  WHERE tenant_id = $1 AND what = 'split' AND entity_id = ANY ($2) AND other_id = ANY ($2))
"""
_STANDING: Final = """
WITH RECURSIVE way AS (
  SELECT $2::uuid AS entity_id
  UNION SELECT m.entity_id FROM way w JOIN app.entity_merge m ON m.tenant_id = $1 AND m.into_id = w.entity_id
) SELECT entity_id FROM way
"""


class Named(msgspec.Struct, frozen=True, order=True):
    """A record as one system names it."""

    kind: str
    key: Key


async def meet(
    connection: Any, tenant: TenantId, named: Iterable[Named], *, actor: str, one_thing: Sequence[Named] = ()
) -> dict[Named, UUID]:
    """The entity of each. `one_thing`: two of one kind that are ids of the same.

    These are two entities all the same where each was known before: a person has to say that they are one.
    """
    pen, found = Pen(connection, tenant, actor), dict[Named, UUID]()
    wanted = sorted({*named, *one_thing})
    for one in wanted:
        known = await find(connection, tenant, one)
        if known is None:
            await turn(connection, tenant, one.kind)
            known = await find(connection, tenant, one)
        if known is None and one in one_thing:
            (other,) = (its for its in one_thing if its != one)
            known = await find(connection, tenant, other)
            if known is not None:
                await pen.link(known, one)
        found[one] = known or await pen.make(one)
    return found


async def take_turn(connection: Any, name: str) -> None:
    """Nobody else has this turn until the transaction ends."""
    await connection.execute(_TURN, name)


async def turn(connection: Any, tenant: TenantId, kind: str) -> None:
    """Nobody else changes an entity of this kind until the transaction ends, as with `reading.turn`."""
    await take_turn(connection, f"entities/{tenant}/{kind}")


async def hold(connection: Any, tenant: TenantId, entity: UUID) -> None:
    """Nobody else says anything of this entity until the transaction ends."""
    await take_turn(connection, f"record/{tenant}/{entity}")


async def were_split(connection: Any, tenant: TenantId, one: UUID, other: UUID) -> bool:
    """Whether a person said that these two are not one."""
    found: bool = await connection.fetchval(_SPLIT, tenant, [one, other])
    return found


async def standing_for(connection: Any, tenant: TenantId, entity: UUID) -> list[UUID]:
    """The entity, and those that turned out to be it."""
    return [row["entity_id"] for row in await connection.fetch(_STANDING, tenant, entity)]


async def find(connection: Any, tenant: TenantId, one: Named) -> UUID | None:
    """The entity that a system means; None: nobody knows it."""
    found: UUID | None = await connection.fetchval(_FIND, tenant, one.kind, one.key.system, one.key.id)
    return found


class Pen(msgspec.Struct, frozen=True):
    """Who writes, and where."""

    connection: Any
    tenant: TenantId
    actor: str

    async def make(self, one: Named) -> UUID:
        """An entity that has this id."""
        entity = ids.new()
        await self.connection.execute(_MAKE, self.tenant, entity, one.kind, self.actor)
        await self._give(entity, one, "created")
        await self._audit("created", entity, {"kind": one.kind, "keys": told([one.key])})
        return entity

    async def link(self, entity: UUID, one: Named) -> None:
        """This id is the entity's as well."""
        await self._give(entity, one, "linked")
        await self._audit("linked", entity, {"keys": told([one.key])})

    async def _give(self, entity: UUID, one: Named, what: str) -> None:
        """To write by, where the entity has no other id of that system."""
        await self.connection.execute(_GIVE, self.tenant, one.kind, one.key.system, one.key.id, entity, self.actor)
        keys = msgspec.json.encode([[one.key.system, one.key.id]]).decode()
        await self.connection.execute(_CHANGE, self.tenant, ids.new(), entity, what, keys, self.actor)

    async def _audit(self, verb: str, entity: UUID, after: dict[str, Any]) -> None:
        target, action = ids.show(PREFIX, entity), f"entity.{verb}"
        await audit.write(self.connection, self.tenant, actor=self.actor, action=action, target=target, after=after)
