"""Starts runs, inside the transaction that stores what triggers them: run, audit and usage in one commit."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.engine import inbox, values
from services.engine.correlation import Match, match
from services.events.intake import Followed
from services.events.received import Received

CLOCK_UNIT: Final = 1_000_000
"""The virtual clock counts millionths of a turn."""


async def follow(connection: Any, tenant: TenantId, events: list[Received]) -> Followed:
    """Start every run that `events` trigger, then tell every run that listens for them."""
    started = await start(connection, tenant, events)
    arrived = [inbox.Arrived(one.event_id, one.event.type, one.event.attributes) for one in events]
    return Followed(started, await inbox.post(connection, arrived))


async def start(connection: Any, tenant: TenantId, events: list[Received]) -> dict[UUID, list[UUID]]:
    """Start every run that `events` trigger; answers run ids by event id, an empty list for an event without one."""
    started: dict[UUID, list[UUID]] = {one.event_id: [] for one in events}
    matches = await match(connection, tenant, events)
    if not matches:
        return started
    runs = [ids.new() for _ in matches]
    for run, found in zip(runs, matches, strict=True):
        started[found.received.event_id].append(run)
    await _insert(connection, tenant, runs, matches, await _take_turns(connection, tenant, len(runs)))
    return started


async def _take_turns(connection: Any, tenant: TenantId, count: int) -> list[float]:
    """The next `count` turns of the fair queue: behind the tenant's last one, never before what is served now.

    A turn costs 1 / weight, so a tenant that floods queues behind itself and not before the others (A13).
    """
    row = await connection.fetchrow(
        "WITH now AS (SELECT last_value / $3::double precision AS turn FROM app.virtual_clock), "
        "cost AS (SELECT 1 / weight AS turn FROM app.tenant WHERE tenant_id = $1) "
        "INSERT INTO app.tenant_clock AS c (tenant_id, turn) SELECT $1, now.turn + $2 * cost.turn FROM now, cost "
        "ON CONFLICT (tenant_id) DO UPDATE SET "
        "  turn = greatest(c.turn - (SELECT turn FROM now), 0) + excluded.turn "
        "RETURNING turn AS last, (SELECT turn FROM cost) AS cost",
        tenant,
        count,
        float(CLOCK_UNIT),
    )
    return [row["last"] - row["cost"] * (count - 1 - n) for n in range(count)]


async def _insert(
    connection: Any, tenant: TenantId, runs: list[UUID], matches: list[Match], turns: list[float]
) -> None:
    await connection.execute(
        "WITH run AS (INSERT INTO app.run "
        "(tenant_id, run_id, deployment_id, revision, event_id, business_key, state, lane, turn, input, trace, "
        "depth) "
        "SELECT $1, x.run_id, x.deployment_id, x.revision, x.event_id, x.business_key, 'pending', 0, x.turn, x.input, "
        "x.trace, x.depth "
        "FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::uuid[], $6::text[], $7::float8[], $8::json[], "
        "$13::bytea[], $14::smallint[]) "
        "AS x(run_id, deployment_id, revision, event_id, business_key, turn, input, trace, depth)), "
        "usage AS (INSERT INTO app.usage (tenant_id, run_id, seq, kind, quantity) "
        "SELECT $1, run_id, 0, 'run', 1 FROM unnest($2::uuid[]) AS x(run_id)) "
        "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) "
        "SELECT $1, x.audit_id, x.actor, 'run.started', x.target, x.after "
        "FROM unnest($9::uuid[], $10::text[], $11::json[], $12::text[]) AS x(audit_id, target, after, actor)",
        tenant,
        runs,
        [m.deployment_id for m in matches],
        [m.revision for m in matches],
        [m.received.event_id for m in matches],
        [m.received.event.subject for m in matches],
        turns,
        [values.encode(m.received.event.data).decode() for m in matches],
        [ids.new() for _ in runs],
        [ids.show("run", run) for run in runs],
        [
            msgspec.json.encode({"event": ids.show("evt", m.received.event_id), "revision": m.revision}).decode()
            for m in matches
        ],
        [m.received.actor for m in matches],
        [m.received.trace for m in matches],
        [m.received.depth for m in matches],
    )
