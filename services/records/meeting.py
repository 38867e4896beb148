"""Whom a system speaks of: the entity of its id, which is made where nobody knows it yet (ADR 0072).

For intake, in its transaction (asyncpg). Takes the turns that `reading.turn` takes, in the order of kinds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.records.keys import PREFIX, Key
from tenants.audit import writing as audit

_FIND: Final = "SELECT entity_id FROM app.entity_key WHERE tenant_id = $1 AND kind = $2 AND system = $3 AND id = $4"
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 43))"
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


async def meet(connection: Any, tenant: TenantId, named: Iterable[Named], *, actor: str) -> dict[Named, UUID]:
    """The entity of each."""
    found: dict[Named, UUID] = {}
    for one in sorted(set(named)):
        known = await find(connection, tenant, one)
        if known is None:
            await connection.execute(_TURN, f"entities/{tenant}/{one.kind}")
            known = await find(connection, tenant, one) or await _make(connection, tenant, one, actor)
        found[one] = known
    return found


async def hold(connection: Any, tenant: TenantId, entity: UUID) -> None:
    """Nobody else says anything of this entity until the transaction ends."""
    await connection.execute(_TURN, f"record/{tenant}/{entity}")


async def standing_for(connection: Any, tenant: TenantId, entity: UUID) -> list[UUID]:
    """The entity, and those that turned out to be it."""
    return [row["entity_id"] for row in await connection.fetch(_STANDING, tenant, entity)]


async def find(connection: Any, tenant: TenantId, one: Named) -> UUID | None:
    """The entity that a system means; None: nobody knows it."""
    found: UUID | None = await connection.fetchval(_FIND, tenant, one.kind, one.key.system, one.key.id)
    return found


async def _make(connection: Any, tenant: TenantId, one: Named, actor: str) -> UUID:
    entity = ids.new()
    await connection.execute(
        "INSERT INTO app.entity (tenant_id, entity_id, kind, created_by) VALUES ($1, $2, $3, $4)",
        tenant,
        entity,
        one.kind,
        actor,
    )
    await connection.execute(
        "INSERT INTO app.entity_key (tenant_id, kind, system, id, entity_id, is_preferred, linked_by) "
        "VALUES ($1, $2, $3, $4, $5, true, $6)",
        tenant,
        one.kind,
        one.key.system,
        one.key.id,
        entity,
        actor,
    )
    await connection.execute(
        "INSERT INTO app.entity_change (tenant_id, change_id, entity_id, what, keys, by) "
        "VALUES ($1, $2, $3, 'created', $4, $5)",
        tenant,
        ids.new(),
        entity,
        msgspec.json.encode([[one.key.system, one.key.id]]).decode(),
        actor,
    )
    target, after = ids.show(PREFIX, entity), {"kind": one.kind, "keys": [f"{one.key.system}:{one.key.id}"]}
    await audit.write(connection, tenant, actor=actor, action="entity.created", target=target, after=after)
    return entity
