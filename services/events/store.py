"""All SQL on events. Every function runs inside a transaction of the tenant."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from infra.ids import TenantId
from infra.pagination import Page
from infra.problems import NotFound
from services.events.cloud_event import CloudEvent
from services.events.received import Received
from tenants.audit import writing as audit

TRANSLATED: Final = "urn:records"
"""The source of events that were made of records: no mapping takes them, so that none goes round in a circle."""
_WRITE: Final = """
WITH written AS (
  INSERT INTO app.event (tenant_id, event_id, source, id, type, subject, content, depth)
  SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::json[], $8::smallint[])
  RETURNING event_id, source, type
)
INSERT INTO app.translation (tenant_id, event_id, mapping)
SELECT $1, w.event_id, r.mapping FROM written w JOIN app.event_route r ON r.tenant_id = $1 AND r.type = w.type
WHERE w.source <> $9
RETURNING event_id, mapping
"""
"""With what is to become a record (ADR 0080): in one statement, since every event pays for it."""


class Kept(dict[tuple[str, str], tuple[UUID, bytes]]):
    """Id and digest by source and id. `routed`: by event the mappings that are to make records of it."""

    def __init__(self, known: dict[tuple[str, str], tuple[UUID, bytes]]) -> None:
        super().__init__(known)
        self.routed: dict[UUID, list[str]] = {}


async def keep(connection: Any, tenant: TenantId, candidates: list[Received]) -> Kept:
    """Store those of `candidates` whose (source, id) is new; answers the id and digest that stand for each.

    Two requests at once: the second waits at the key for the first one's commit, then reads what it wrote.
    """
    # In key order, so that two batches with the same events wait for each other instead of deadlocking.
    ordered = sorted(candidates, key=lambda one: one.key)
    columns = (
        [one.event.source for one in ordered],
        [one.event.id for one in ordered],
        [one.event_id for one in ordered],
        [one.event.digest for one in ordered],
    )
    rows = await connection.fetch(
        "INSERT INTO app.event_key (tenant_id, source, id, event_id, digest) "
        "SELECT $1, * FROM unnest($2::text[], $3::text[], $4::uuid[], $5::bytea[]) "
        "ON CONFLICT DO NOTHING RETURNING source, id, event_id, digest",
        tenant,
        *columns,
    )
    known = Kept({(row["source"], row["id"]): (row["event_id"], row["digest"]) for row in rows})
    if len(known) < len(candidates):
        rows = await connection.fetch(
            "SELECT k.source, k.id, k.event_id, k.digest FROM app.event_key k "
            "JOIN unnest($2::text[], $3::text[]) AS x(source, id) USING (source, id) WHERE k.tenant_id = $1",
            tenant,
            columns[0],
            columns[1],
        )
        known.update({(row["source"], row["id"]): (row["event_id"], row["digest"]) for row in rows})
    known.routed = await _write(connection, tenant, [one for one in ordered if known[one.key][0] == one.event_id])
    return known


async def is_known(connection: Any, tenant: TenantId, event: CloudEvent) -> bool:
    """Whether this source has sent this id before."""
    found = await connection.fetchval(
        "SELECT true FROM app.event_key WHERE tenant_id = $1 AND source = $2 AND id = $3",
        tenant,
        event.source,
        event.id,
    )
    return found is not None


async def _write(connection: Any, tenant: TenantId, new: list[Received]) -> dict[UUID, list[str]]:
    rows = await connection.fetch(
        _WRITE,
        tenant,
        [one.event_id for one in new],
        [one.event.source for one in new],
        [one.event.id for one in new],
        [one.event.type for one in new],
        [one.event.subject for one in new],
        [one.event.content() for one in new],
        [one.depth for one in new],
        TRANSLATED,
    )
    return _by_event(rows)


async def mappings_of(connection: Any, tenant: TenantId, events: list[UUID]) -> dict[UUID, list[str]]:
    """The mappings that take each event's type as they are now: what became of it is done and gone."""
    if not events:
        return {}
    rows = await connection.fetch(
        "SELECT e.event_id, r.mapping FROM app.event e JOIN app.event_route r USING (tenant_id, type) "
        "WHERE e.tenant_id = $1 AND e.event_id = ANY ($2) AND e.source <> $3",
        tenant,
        events,
        TRANSLATED,
    )
    return _by_event(rows)


def _by_event(rows: list[Any]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for event, mapping in sorted((row["event_id"], row["mapping"]) for row in rows):
        found.setdefault(event, []).append(mapping)
    return found


async def runs_of(connection: Any, tenant: TenantId, events: list[UUID]) -> dict[UUID, list[UUID]]:
    """The runs that each event started, oldest first."""
    runs: dict[UUID, list[UUID]] = {event: [] for event in events}
    if events:
        rows = await connection.fetch(
            "SELECT event_id, run_id FROM app.run WHERE tenant_id = $1 AND event_id = ANY ($2) ORDER BY run_id",
            tenant,
            events,
        )
        for row in rows:
            runs[row["event_id"]].append(row["run_id"])
    return runs


async def record_reuse(connection: Any, tenant: TenantId, reused: list[Received]) -> None:
    """Leave an audit row for each event whose id had been used for another."""
    for one in reused:
        target, after = "#".join(one.key), {"digest": one.event.digest.hex()}
        await audit.write(connection, tenant, actor=one.actor, action="event.id-reused", target=target, after=after)


async def list_events(
    connection: Any, tenant: TenantId, page: Page, *, kind: str | None, source: str | None
) -> list[Any]:
    """Newest first; one row more than the page holds."""
    return list(
        await connection.fetch(
            "SELECT event_id, source, id, type, subject, received_at FROM app.event WHERE tenant_id = $1 "
            "AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR source = $3) "
            "AND ($4::uuid IS NULL OR event_id < $4) ORDER BY event_id DESC LIMIT $5",
            tenant,
            kind,
            source,
            UUID(page.after) if page.after else None,
            page.limit + 1,
        )
    )


async def read_event(connection: Any, tenant: TenantId, event: UUID) -> Any:
    """One event with its content.

    Raises:
        NotFound: the tenant has none of this id.
    """
    row = await connection.fetchrow(
        "SELECT event_id, source, id, type, subject, content, received_at FROM app.event "
        "WHERE tenant_id = $1 AND event_id = $2",
        tenant,
        event,
    )
    if row is None:
        raise NotFound
    return row
