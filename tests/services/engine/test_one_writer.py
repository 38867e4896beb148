"""One writer per key: a run waits while another one has its key, and goes on in the order of arrival (ADR 0028)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine import operating, repeating, signalling, starter
from services.engine.recovery import sweep
from services.events.cloud_event import read
from services.events.intake import Intake
from services.events.received import Received
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, order
from tests.superuser import connected
from tests.world import World, deploy, make_tenant

DOCUMENT = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: serialized
  version: 1.0.0
  metadata: {keys: {search: {orderNumber: '${ .[0].data.value }'}, serialize: orderNumber}}
do:
"""
LISTENS = """
  - wait: {listen: {to: {one: {with: {type: decided}}}}}
  - judge:
      if: ${ .[0].fail }
      raise: {error: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime', status: 500}}
"""
QUICK = "  - first: {set: {done: true}}\n"
LOCK = "SELECT pg_advisory_xact_lock(app.key_lock($1, 'orderNumber', 'SO-1'))"
WRITERS = "SELECT run_id, holds, is_over FROM app.key_writer ORDER BY place"
KEPT_APART = (
    "SELECT count(*) AS overlaps FROM app.run a JOIN app.run b ON a.run_id < b.run_id "
    "AND a.started_at < coalesce(b.ended_at, 'infinity') AND b.started_at < coalesce(a.ended_at, 'infinity') "
    "JOIN app.run_key k ON k.run_id = a.run_id JOIN app.run_key l ON l.run_id = b.run_id AND l.value = k.value"
)


@pytest.fixture
async def tenant(app_database: Database) -> World:
    return await make_tenant(app_database)


async def begun(engine: Engine, tenant: World, *orders: str) -> list[UUID]:
    return [
        (await engine.intake.receive(tenant.tenant_id, order(n, one), "key")).runs[0] for n, one in enumerate(orders)
    ]


async def rows(engine: Engine, tenant: World, query: str) -> list[Any]:
    async with engine.app.tenant(tenant.tenant_id) as connection:
        return list(await connection.fetch(query))


async def waits_for(engine: Engine, tenant: World, run: UUID, kind: str) -> Any:
    """Until the run is parked for this."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await rows(engine, tenant, "SELECT run_id, state, lane, waiting_for::text AS waits FROM app.run")
            (row,) = [one for one in found if one["run_id"] == run]
            waits = msgspec.json.decode(row["waits"] or "{}")
            if row["lane"] is None and waits.get("kind") == kind:
                return waits
            await asyncio.sleep(0.01)


async def decide(engine: Engine, tenant: World, number: int, **data: Any) -> list[UUID]:
    event = {"specversion": "1.0", "id": f"d-{number}", "source": "/desk", "type": "decided", "data": data}
    received = Received(
        ids.new(), read({"content-type": "application/cloudevents+json"}, msgspec.json.encode(event)), "key"
    )
    taken = await signalling.signal(engine.app, tenant.tenant_id, received, "orderNumber", "SO-1")
    engine.loop.wake()
    return taken.runs


async def broken(engine: Engine) -> list[Any]:
    async with engine.worker.doors() as connection:
        return list(await connection.fetch("SELECT * FROM app.broken($1, 30, 9)", UUID(int=0)))


async def test_runs_of_a_key_go_one_by_one_in_the_order_in_which_they_came_however_each_ends(
    engine: Engine, tenant: World
) -> None:
    await deploy(engine.app, tenant.tenant_id, DOCUMENT + LISTENS, event_type="order")
    one, two, other, three = await begun(engine, tenant, "SO-1", "SO-1", "SO-2", "SO-1")
    await waits_for(engine, tenant, one, "event")
    await waits_for(engine, tenant, other, "event")
    waits = await waits_for(engine, tenant, two, "key")
    assert (waits["ref"], waits["name"], waits["value"]) == (ids.show("run", one), "orderNumber", "SO-1")
    assert await broken(engine) == []
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await operating.cancel(connection, tenant.tenant_id, one, "key")
    await waits_for(engine, tenant, two, "event")
    await waits_for(engine, tenant, three, "key")
    assert await decide(engine, tenant, 1, fail=True) == [two]
    await waits_for(engine, tenant, three, "event")
    assert await decide(engine, tenant, 2) == [three]
    ended = {row["run_id"]: row["state"] for row in await engine.ended(tenant, 3)}
    assert ended == {one: "cancelled", two: "faulted", three: "completed"}
    assert [row["run_id"] for row in await rows(engine, tenant, WRITERS)] == [other]
    assert (await rows(engine, tenant, KEPT_APART))[0]["overlaps"] == 0


async def test_F_14_starts_at_the_same_moment_give_one_writer_and_each_gets_its_turn(
    engine: Engine, tenant: World
) -> None:
    await deploy(engine.app, tenant.tenant_id, DOCUMENT + QUICK, event_type="order")
    doors = [Intake(engine.app, starter.follow, engine.loop.wake, judge=engine.correlator.nudge) for _ in range(8)]
    sends = [doors[n % 8].receive(tenant.tenant_id, order(n, f"SO-{n % 2}"), "key") for n in range(40)]
    await asyncio.gather(*sends)
    ended = await engine.ended(tenant, 40)
    assert {row["state"] for row in ended} == {"completed"}
    assert (await rows(engine, tenant, KEPT_APART))[0]["overlaps"] == 0
    assert await rows(engine, tenant, WRITERS) == []
    assert await broken(engine) == []


async def test_F_14_a_key_that_could_not_be_passed_on_at_the_end_is_passed_by_one_of_two_sweeps(
    engine: Engine, tenant: World
) -> None:
    await deploy(engine.app, tenant.tenant_id, DOCUMENT + LISTENS, event_type="order")
    one, two, three = await begun(engine, tenant, "SO-1", "SO-1", "SO-1")
    await waits_for(engine, tenant, one, "event")
    async with engine.app.tenant(tenant.tenant_id) as starting:
        await starting.execute(LOCK, tenant.tenant_id)
        async with engine.app.tenant(tenant.tenant_id) as connection:
            await operating.cancel(connection, tenant.tenant_id, one, "key")
        assert [tuple(row) for row in await rows(engine, tenant, WRITERS)] == [
            (one, True, True),
            (two, False, False),
            (three, False, False),
        ]
        assert (await sweep(engine.worker, 3, 0)).woken == 0
    await asyncio.gather(*(sweep(engine.worker, 3, 0) for _ in range(2)))
    engine.loop.wake()
    await waits_for(engine, tenant, two, "event")
    assert [tuple(row) for row in await rows(engine, tenant, WRITERS)] == [(two, True, False), (three, False, False)]


async def test_one_that_waits_waits_still_when_it_is_resumed_or_retried_into_a_key_that_is_taken(
    engine: Engine, tenant: World
) -> None:
    await deploy(engine.app, tenant.tenant_id, DOCUMENT + LISTENS, event_type="order")
    one, two, three = await begun(engine, tenant, "SO-1", "SO-1", "SO-1")
    await waits_for(engine, tenant, one, "event")
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await operating.suspend(connection, tenant.tenant_id, two, "key")
    await waits_for(engine, tenant, two, "suspension")
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await operating.resume(connection, tenant.tenant_id, two, "key")
    assert (await waits_for(engine, tenant, two, "key"))["ref"] == ids.show("run", one)
    await decide(engine, tenant, 1, fail=True)
    await waits_for(engine, tenant, two, "event")
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await repeating.retry(connection, tenant.tenant_id, one, "key")
    assert (await waits_for(engine, tenant, one, "key"))["ref"] == ids.show("run", two)
    assert [row["run_id"] for row in await rows(engine, tenant, WRITERS)] == [two, three, one]
    assert await broken(engine) == []
    await decide(engine, tenant, 2)
    await waits_for(engine, tenant, three, "event")
    await decide(engine, tenant, 3)
    async with asyncio.timeout(PATIENCE):  # what failed is made again, and fails again
        while await rows(engine, tenant, WRITERS):
            await asyncio.sleep(0.01)
    ended = {row["run_id"]: row["state"] for row in await engine.ended(tenant, 3)}
    assert ended == {one: "faulted", two: "completed", three: "completed"}


async def test_a_suspended_run_inherits_the_key_and_is_seen_to_hold_it(engine: Engine, tenant: World) -> None:
    await deploy(engine.app, tenant.tenant_id, DOCUMENT + LISTENS, event_type="order")
    one, two, three = await begun(engine, tenant, "SO-1", "SO-1", "SO-1")
    await waits_for(engine, tenant, one, "event")
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await operating.suspend(connection, tenant.tenant_id, two, "key")
        await operating.cancel(connection, tenant.tenant_id, one, "key")
        holder = await connection.fetchval("SELECT app.key_holder($1, $2)", tenant.tenant_id, three)
    assert holder == two
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await operating.resume(connection, tenant.tenant_id, two, "key")
    engine.loop.wake()
    await waits_for(engine, tenant, two, "event")
    await waits_for(engine, tenant, three, "key")


async def test_F_14_the_key_is_not_passed_to_a_run_that_has_just_ended(
    engine: Engine, tenant: World, stack: Stack, endpoints: Endpoints
) -> None:
    """Who ends a run that waits takes it off the line without waiting: for a moment it has ended and stands there."""
    await deploy(engine.app, tenant.tenant_id, DOCUMENT + LISTENS, event_type="order")
    one, two, three = await begun(engine, tenant, "SO-1", "SO-1", "SO-1")
    await waits_for(engine, tenant, one, "event")
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("SET session_replication_role = replica")  # no trigger takes it off the line yet
        await connection.execute(
            "UPDATE app.run SET state = 'cancelled', ended_at = now(), waiting_for = NULL WHERE run_id = $1",
            two,
        )
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await operating.cancel(connection, tenant.tenant_id, one, "key")
    assert [tuple(row) for row in await rows(engine, tenant, WRITERS)] == [
        (one, True, True),
        (two, False, False),
        (three, False, False),
    ]
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.key_writer WHERE run_id = $1", two)
    await sweep(engine.worker, 3, 30)
    engine.loop.wake()
    await waits_for(engine, tenant, three, "event")
