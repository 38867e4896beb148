"""Runs that listen: parked without a worker, woken by events, each of which they hear once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.engine import inbox
from services.engine.claims import Claims
from services.engine.functions import Call, Done
from services.engine.journal import Checkpoint
from services.engine.recovery import catch_up_again, sweep
from services.engine.subscriptions import Subscription
from services.events.cloud_event import CloudEvent, read
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant, progress, start_runs, write

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: listening, version: 1.0.0}\n"
ONE = """
do:
  - wait: {listen: {to: {one: {with: {type: paid, subject: o-1}}}}}
"""
ALL = """
do:
  - both: {listen: {to: {all: [{with: {type: paid}}, {with: {type: sent, source: /store}}]}, read: envelope}}
  - say: {set: {ids: "${ map(.id) | sort }"}}
"""
TIMED = """
do:
  - wait:
      listen: {to: {one: {with: {type: paid}}}}
      timeout: {after: {milliseconds: 1}}
"""
BESIDE = """
do:
  - both:
      fork:
        branches:
          - call:
              call: connector:1.0.0@default
              with: {connection: erp, operation: read, input: {value: 1}}
          - hear: {listen: {to: {one: {with: {type: paid}}}}}
"""
TWICE = """
do:
  - first: {listen: {to: {one: {with: {type: paid}}}}}
  - second: {listen: {to: {one: {with: {type: paid}}}}}
"""


def event(number: int, kind: str = "paid", **attributes: Any) -> CloudEvent:
    named = {"specversion": "1.0", "id": f"e-{number}", "source": "/store", "type": kind, **attributes}
    body = msgspec.json.encode({**named, "data": {"number": number}})
    return read({"content-type": "application/cloudevents+json"}, body)


@pytest.fixture
async def tenant(app_database: Database) -> World:
    return await make_tenant(app_database)


async def begin(engine: Engine, tenant: World, document: str, number: int = 1) -> None:
    """One run of `document`, parked."""
    await deploy(engine.app, tenant.tenant_id, HEAD + document, event_type="order", bindings={"erp": UUID(int=7)})
    await engine.intake.receive(tenant.tenant_id, order(number), "key")
    await parked(engine, tenant)


async def parked(engine: Engine, tenant: World, count: int = 1) -> list[Any]:
    async with asyncio.timeout(20):
        while True:
            found = await rows(engine, tenant, "SELECT * FROM app.run WHERE state = 'waiting' AND lane IS NULL")
            if len(found) >= count:
                return found
            await asyncio.sleep(0.01)


async def rows(engine: Engine, tenant: World, query: str) -> list[Any]:
    async with engine.worker.tenant(tenant.tenant_id) as connection:
        return list(await connection.fetch(query))


async def test_a_run_that_listens_holds_no_worker_and_hears_its_event(engine: Engine, tenant: World) -> None:
    await begin(engine, tenant, ONE)
    (waiting,) = await parked(engine, tenant)
    assert (waiting["due_at"], waiting["lease_until"]) == (None, None)
    assert msgspec.json.decode(waiting["waiting_for"])["kind"] == "event"
    for other in (event(1, subject="o-2"), event(2, kind="sent", subject="o-1")):
        await engine.intake.receive(tenant.tenant_id, other, "key")
    await engine.intake.receive(tenant.tenant_id, event(3, subject="o-1"), "key")
    (run,) = await engine.ended(tenant)
    assert (run["state"], run["output"]) == ("completed", '[{"number":3}]')
    assert await rows(engine, tenant, "SELECT 1 FROM app.subscription") == []
    assert await rows(engine, tenant, "SELECT 1 FROM app.inbox") == []


async def test_a_constant_that_differs_keeps_an_event_out_of_the_inbox(engine: Engine, tenant: World) -> None:
    await begin(engine, tenant, ALL)
    for other in (event(1, kind="sent", source="/elsewhere"), event(2, kind="lost")):
        await engine.intake.receive(tenant.tenant_id, other, "key")
    assert await rows(engine, tenant, "SELECT 1 FROM app.inbox") == []
    await engine.intake.receive(tenant.tenant_id, event(3, kind="sent"), "key")
    await engine.intake.receive(tenant.tenant_id, event(4), "key")
    (run,) = await engine.ended(tenant)
    assert run["output"] == '{"ids":["e-3","e-4"]}'


async def test_an_event_reaches_every_run_that_listens_and_each_once(engine: Engine, tenant: World) -> None:
    await deploy(engine.app, tenant.tenant_id, HEAD + TWICE, event_type="order")
    for number in range(5):
        await engine.intake.receive(tenant.tenant_id, order(number), "key")
    await parked(engine, tenant, 5)
    await asyncio.gather(*(engine.intake.receive(tenant.tenant_id, event(1), "key") for _ in range(20)))
    while await rows(engine, tenant, "SELECT 1 FROM app.run WHERE (seq < 3)"):
        await sweep(engine.worker, 3, 0)
        await asyncio.sleep(0.01)
    await parked(engine, tenant, 5)
    await engine.intake.receive(tenant.tenant_id, event(2), "key")
    runs = await engine.ended(tenant, 5)
    assert [run["output"] for run in runs] == ['[{"number":2}]'] * 5


async def test_S_03_an_event_of_another_tenant_wakes_nobody(engine: Engine, tenant: World) -> None:
    await begin(engine, tenant, TWICE)
    stranger = await make_tenant(engine.app, "stranger")
    await engine.intake.receive(stranger.tenant_id, event(1), "key")
    assert await rows(engine, tenant, "SELECT 1 FROM app.inbox") == []
    assert await rows(engine, stranger, "SELECT 1 FROM app.inbox") == []
    assert len(await parked(engine, tenant)) == 1


async def test_a_listener_has_a_timeout(engine: Engine, tenant: World) -> None:
    await deploy(engine.app, tenant.tenant_id, HEAD + TIMED, event_type="order")
    await engine.intake.receive(tenant.tenant_id, order(1), "key")
    (run,) = await engine.ended(tenant)
    assert run["state"] == "faulted"
    assert "timeout" in run["error"]


async def test_a_cancelled_listener_leaves_nothing(engine: Engine, tenant: World) -> None:
    await begin(engine, tenant, TWICE)
    (waiting,) = await parked(engine, tenant)
    async with engine.app.tenant(tenant.tenant_id) as connection:
        await connection.execute(
            "SELECT app.cancel_run($1, 'key', $2, $3, '{}')", waiting["run_id"], ids.new(), ids.new()
        )
    assert await rows(engine, tenant, "SELECT 1 FROM app.subscription") == []


async def test_an_event_is_heard_while_a_call_of_another_branch_is_under_way(engine: Engine, tenant: World) -> None:
    answered = asyncio.Event()

    async def slow(_call: Call) -> Done:
        await answered.wait()
        return Done(output={"value": 2})

    engine.functions["connector:1.0.0@default"] = slow
    await deploy(engine.app, tenant.tenant_id, HEAD + BESIDE, event_type="order", bindings={"erp": UUID(int=7)})
    await engine.intake.receive(tenant.tenant_id, order(1), "key")
    async with asyncio.timeout(20):
        while not await rows(engine, tenant, "SELECT 1 FROM app.subscription"):
            await asyncio.sleep(0.01)
        await engine.intake.receive(tenant.tenant_id, event(1), "key")
        while await rows(engine, tenant, "SELECT 1 FROM app.subscription"):
            await asyncio.sleep(0.01)
    assert [row["state"] for row in await rows(engine, tenant, "SELECT state FROM app.run")] == ["running"]
    answered.set()
    (run,) = await engine.ended(tenant)
    assert run["output"] == '[{"value":2},[{"number":1}]]'


async def test_an_event_from_before_the_listener_is_not_heard(engine: Engine, tenant: World) -> None:
    await engine.intake.receive(tenant.tenant_id, event(1), "key")
    await begin(engine, tenant, ONE.replace("subject: o-1", "id: e-1"))
    assert await rows(engine, tenant, "SELECT 1 FROM app.inbox") == []


# The doors by themselves, in every order of an event and a checkpoint.

HEARD = Subscription("paid", {"subject": "o-1"})


def parking(claim: Any, **more: Any) -> Checkpoint:
    made = progress(claim, "waiting")
    given = {
        "usage": [],
        "snapshot": b"{}",
        "listens": True,
        "subscriptions": [HEARD],
        "since": claim.claimed_at,
        **more,
    }
    return Checkpoint(**{f: getattr(made, f) for f in made.__struct_fields__} | given)


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    return world


async def send(database: Database, world: World, number: int = 1) -> int:
    """Store an event and post it, as the intake does; answers how many runs it woke."""
    one, event_id = event(number, subject="o-1"), ids.new()
    async with database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.event (tenant_id, event_id, source, id, type, subject, content) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            world.tenant_id, event_id, one.source, one.id, one.type, one.subject, one.content(),
        )  # fmt: skip
        return await inbox.post(connection, [inbox.Arrived(event_id, one.type, one.attributes)])


async def unread(database: Database, world: World, run: UUID) -> list[UUID]:
    return [one.event_id for one in await inbox.read(database, world.tenant_id, run, [])]


async def test_F_02_who_lost_its_run_neither_subscribes_it_nor_takes_its_events(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (zombie,) = await Claims(worker_database, "zombie", 0).take(1)
    assert await write(worker_database, parking(zombie, state="running")) == ["committed"]
    await send(app_database, world)
    (event_id,) = await unread(worker_database, world, zombie.run_id)
    await sweep(worker_database, 3, 0)
    (claim,) = await Claims(worker_database, "solo", 30).take(1, solo=True)
    late = parking(zombie, seq=1, state="running", read=[event_id], subscriptions=[])
    assert await write(worker_database, late) == ["lost"]
    assert await unread(worker_database, world, claim.run_id) == [event_id]
    assert await write(worker_database, parking(claim, read=[event_id])) == ["committed"]
    assert await unread(worker_database, world, claim.run_id) == []


async def test_F_08_a_repeated_checkpoint_reads_and_subscribes_once(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    first = parking(claim, state="running")
    assert await write(worker_database, first) == ["committed"]
    assert await write(worker_database, first) == ["repeated"]
    await send(app_database, world)
    (event_id,) = await unread(worker_database, world, claim.run_id)
    second = parking(claim, seq=1, read=[event_id], subscriptions=None)
    assert await write(worker_database, second) == ["committed"]
    assert await write(worker_database, second) == ["repeated"]
    assert (await sweep(worker_database, 3, 0)).woken == 0


async def test_a_run_that_parks_with_an_event_unread_is_in_line_at_once(
    app_database: Database, worker_database: Database, world: World
) -> None:
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    await write(worker_database, parking(claim, state="running"))
    assert await send(app_database, world) == 0
    await write(worker_database, parking(claim, seq=1, subscriptions=None, delay=60.0))
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]


async def test_a_run_that_listens_no_more_is_not_called_for_what_it_left_unread(
    app_database: Database, worker_database: Database, world: World
) -> None:
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    await write(worker_database, parking(claim, state="running"))
    await send(app_database, world)
    await write(worker_database, parking(claim, seq=1, subscriptions=[], listens=False, delay=60.0))
    assert await claims.take(1) == []
    assert (await sweep(worker_database, 3, 0)).woken == 0
    assert len(await unread(worker_database, world, claim.run_id)) == 1


async def test_an_event_that_met_a_locked_run_is_found_by_the_sweep(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The intake waits for no run's lock: it posts, and somebody else wakes."""
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    await write(worker_database, parking(claim))
    async with app_database.tenant(world.tenant_id) as holding:
        # What resume holds while it decides; the run is not suspended, so nothing comes of it.
        assert await holding.fetchval("SELECT app.resume_run($1, 'key', $2)", claim.run_id, ids.new()) == "waiting"
        assert await send(app_database, world) == 0
    assert await claims.take(1) == []
    assert (await sweep(worker_database, 3, 0)).woken == 1
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]


async def test_no_gap_between_a_claim_and_the_commit_of_what_it_listens_for(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The event comes before there is a subscription, the subscription before anybody looks at events."""
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    assert await send(app_database, world) == 0
    assert await unread(worker_database, world, claim.run_id) == []
    await write(worker_database, parking(claim))
    for woken in (1, 0):  # a second look finds it again and posts nothing
        assert await inbox.catch_up(worker_database, world.tenant_id, claim.run_id, claim.claimed_at) == woken
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]
    assert len(await unread(worker_database, world, claim.run_id)) == 1


async def test_an_event_that_was_read_is_not_posted_again(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await write(worker_database, parking(claim, state="running"))
    await send(app_database, world)
    (event_id,) = await unread(worker_database, world, claim.run_id)
    await write(worker_database, parking(claim, seq=1, read=[event_id]))
    assert await inbox.catch_up(worker_database, world.tenant_id, claim.run_id, claim.claimed_at) == 0
    assert await unread(worker_database, world, claim.run_id) == []


async def test_a_transaction_that_ends_after_the_first_search_is_found_by_the_second(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The intake looked before there was a subscription, and commits when the search for its event is over."""
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    one, event_id = event(1, subject="o-1"), ids.new()
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.event (tenant_id, event_id, source, id, type, subject, content) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            world.tenant_id, event_id, one.source, one.id, one.type, one.subject, one.content(),
        )  # fmt: skip
        assert await inbox.post(connection, [inbox.Arrived(event_id, one.type, one.attributes)]) == 0
        await write(worker_database, parking(claim))
        assert await inbox.catch_up(worker_database, world.tenant_id, claim.run_id, claim.claimed_at) == 0
    assert await catch_up_again(worker_database, 3600) == 0  # not old enough
    assert await catch_up_again(worker_database, 0) == 1
    assert await catch_up_again(worker_database, 0) == 0  # once
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]
