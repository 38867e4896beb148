"""All SQL on what systems said of records. `connection` (asyncpg) is in a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.records.folding import Sight, View

_NEW: Final = """
INSERT INTO app.sighting (tenant_id, sighting_id, entity_id, event_id, mapping, version, system, type, source, at,
  states)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, event_id, mapping) DO NOTHING
RETURNING true
"""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `states`: of an order by line."""

    sighting_id: UUID
    entity_id: UUID
    event_id: UUID
    mapping: str
    version: int
    system: str
    type: str
    source: str
    at: datetime
    states: dict[str, str | None]


async def write(connection: Any, tenant: TenantId, one: Sighting, about: Iterable[UUID]) -> bool:
    """Once for each event and mapping; False: it is there."""
    values = [getattr(one, name) for name in one.__struct_fields__[:-1]]
    states = msgspec.json.encode(one.states).decode() if one.states else None
    if await connection.fetchval(_NEW, tenant, *values, states) is None:
        return False
    others = set(about) - {one.entity_id}
    if others:
        await connection.execute(
            "INSERT INTO app.sighting_about (tenant_id, entity_id, sighting_id) "
            "SELECT $1, x, $3 FROM unnest($2::uuid[]) x",
            tenant,
            sorted(others),
            one.sighting_id,
        )
    return True


async def sights(connection: Any, tenant: TenantId, entities: Sequence[UUID]) -> tuple[list[Sight], set[str]]:
    """The states that were said of an order, and the changes of it that were told."""
    rows = await connection.fetch(
        "SELECT event_id, system, at, states::text AS states, told FROM app.sighting "
        "WHERE tenant_id = $1 AND entity_id = ANY ($2) AND states IS NOT NULL",
        tenant,
        entities,
    )
    found = [Sight(moment(row["at"]), str(row["event_id"]), row["system"], _decoded(row["states"])) for row in rows]
    return found, {one for row in rows for one in row["told"]}


async def told(connection: Any, tenant: TenantId, sighting: UUID, names: list[str], made: list[UUID]) -> None:
    await connection.execute(
        "UPDATE app.sighting SET told = $3, made = $4 WHERE tenant_id = $1 AND sighting_id = $2",
        tenant,
        sighting,
        names,
        made,
    )


async def views(connection: Any, tenant: TenantId, entities: Sequence[UUID]) -> dict[tuple[UUID, str], View]:
    """By entity and system."""
    rows = await connection.fetch(
        "SELECT entity_id, system, members::text AS members FROM app.record_view "
        "WHERE tenant_id = $1 AND entity_id = ANY ($2)",
        tenant,
        entities,
    )
    return {(row["entity_id"], row["system"]): msgspec.json.decode(row["members"], type=View) for row in rows}


async def put_view(connection: Any, tenant: TenantId, entity: UUID, system: str, view: View) -> None:
    await connection.execute(
        "INSERT INTO app.record_view AS v (tenant_id, entity_id, system, members) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (tenant_id, entity_id, system) DO UPDATE SET members = excluded.members",
        tenant,
        entity,
        system,
        msgspec.json.encode(view).decode(),
    )


async def leads(connection: Any, tenant: TenantId, record: str) -> dict[str, list[str]]:
    """The systems of record of each member of a kind of record, as released mappings say; by their names."""
    rows = await connection.fetch(
        "SELECT member, array_agg(DISTINCT its) AS systems "
        "FROM app.event_route, unnest(leads) AS member, unnest(systems) AS its "
        "WHERE tenant_id = $1 AND record = $2 GROUP BY member",
        tenant,
        record,
    )
    return {row["member"]: sorted(row["systems"]) for row in rows}


def moment(at: datetime) -> str:
    """In UTC to the microsecond, so that texts are in the order of times."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _decoded(text: str) -> dict[str, str | None]:
    return msgspec.json.decode(text, type=dict[str, str | None])
