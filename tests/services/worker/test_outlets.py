"""What runs set going: events that come in again, runs of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.database import Database, Scope
from infra.embedded.stack import Stack
from infra.redis import Doorbell
from services.api.graphs import Graphs
from services.engine import decisions, emission, reading
from services.engine.expressions.pool import ExpressionPool
from services.events import schemas
from services.worker.outlets import Outlets
from services.worker.relay import Relay
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, order
from tests.tenants.deployments.test_deployments import create, document, publish
from tests.world import World, deploy, make_tenant

HEAD = "document: {{dsl: '1.0.3', namespace: tests, name: {}, version: 1.0.0}}\n"
EMIT = """
do:
  - tell: {emit: {event: {with: {source: /flows, type: paid, subject: o-1, data: {amount: 3}}}}}
"""
HEAR = """
do:
  - hear: {listen: {to: {one: {with: {type: paid}}}}}
"""
LOOP = """
do:
  - tell: {emit: {event: {with: {source: /flows, type: order, data: {again: true}}}}}
"""


@pytest.fixture
async def engine(app_database: Database, worker_database: Database, stack: Stack) -> AsyncIterator[Engine]:
    """An engine with a relay."""
    bell = Doorbell(stack.endpoints.redis_url)
    async with ExpressionPool(size=1) as pool:
        engine = Engine(app_database, worker_database, pool)
        outlets = Outlets(worker_database, engine.loop.wake, judge=engine.correlator.nudge)
        relay = Relay(worker_database, bell, 0.02, {emission.EMIT: outlets.emit, emission.START: outlets.start})
        tasks = [asyncio.create_task(one) for one in (engine.journal.run(), engine.loop.run(), relay.run())]
        yield engine
        await engine.loop.stop(5)
        left = set(tasks)
        while left:  # a cancellation that meets asyncpg's release of a connection is lost on Python 3.11
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1)
    await bell.close()


async def rows(engine: Engine, world: World, query: str) -> list[Any]:
    async with engine.app.tenant(world.tenant_id) as connection:
        return list(await connection.fetch(query))


async def test_an_emitted_event_starts_runs_and_reaches_listeners_once(engine: Engine, app_database: Database) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, HEAD.format("hearing") + HEAR, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "key")
    async with asyncio.timeout(PATIENCE):
        while not await rows(engine, world, "SELECT 1 FROM app.run WHERE state = 'waiting'"):
            await asyncio.sleep(0.01)
    await deploy(app_database, world.tenant_id, HEAD.format("telling") + EMIT, event_type="go")
    await deploy(app_database, world.tenant_id, HEAD.format("started") + "do: [{a: {set: {b: 1}}}]", event_type="paid")
    await engine.intake.receive(world.tenant_id, order(2, kind="go"), "key")
    ended = await engine.ended(world, 3)
    assert [(run["state"], run["depth"]) for run in ended] == [("completed", 0), ("completed", 0), ("completed", 1)]
    assert ended[0]["output"] == '[{"amount":3}]'
    (actor,) = await rows(engine, world, "SELECT actor FROM app.audit WHERE actor LIKE 'run:%'")
    assert actor["actor"].startswith("run:run_")


async def test_a_message_that_comes_twice_counts_once(engine: Engine, app_database: Database) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, HEAD.format("started") + "do: [{a: {set: {b: 1}}}]", event_type="paid")
    outlets = Outlets(engine.worker, engine.loop.wake, judge=engine.correlator.nudge)
    body = '{"run":"run_x","depth":1,"event":{"specversion":"1.0","id":"1","source":"/f","type":"paid"}}'
    for _ in range(3):
        await outlets.emit(world.tenant_id, world.tenant_id, body)
    assert len(await engine.ended(world)) == 1
    assert len(await rows(engine, world, "SELECT 1 FROM app.run")) == 1


async def test_a_workflow_that_is_started_and_not_waited_for_is_a_run_of_its_own(
    engine: Engine, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    keys = {"search": {"number": "${ .n }"}, "serialize": "number"}
    head = {"name": "inner", "metadata": {"keys": keys}}
    await publish(app_database, world, document(head=head, do=[{"a": {"set": {"n": "${ .n * 2 }"}}}]))
    started = {"namespace": "tests", "name": "inner", "version": "latest", "input": {"n": "${ .[0] }"}}
    outer = document(
        head={"name": "outer"},
        schedule={"on": {"one": {"with": {"type": "order"}}}},
        input={"from": "${ [.[0].data.value] }"},
        do=[{"beside": {"run": {"workflow": started, "await": False}}}],
    )
    source, _ = await publish(app_database, world, outer)
    await create(app_database, world, source=source)
    # A version that is published later is not the one that was deployed.
    await publish(app_database, world, document("1.1.0", head={"name": "inner"}))
    await engine.intake.receive(world.tenant_id, order(1, value=4), "key")
    first, second = await engine.ended(world, 2)
    assert (first["output"], first["program"]) == ("[4]", None)
    assert (second["output"], second["program"], second["depth"]) == ('{"n":8}', "tests/inner:latest", 1)
    # It is filed by its own document, under its own input.
    assert [(run["writer"], run["writer_of"]) for run in (first, second)] == [(None, None), ("holds", "number")]
    filed = await rows(engine, world, "SELECT run_id, name, value FROM app.run_key")
    assert [tuple(row) for row in filed] == [(second["run_id"], "number", "4")]
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        shown = await reading.read_run(session, world.tenant_id, second["run_id"])
    assert (shown["workflow_name"], shown["workflow_version"]) == ("inner", "1.0.0")
    picture = await Graphs(app_database).of_revision(
        world.tenant_id, second["deployment_id"], second["revision"], second["program"]
    )
    assert picture.document.name == "inner"


async def test_S_34_a_workflow_that_sets_itself_going_comes_to_an_end(engine: Engine, app_database: Database) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, HEAD.format("loop") + LOOP, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "key")
    ended = await engine.ended(world, decisions.DEEPEST + 1)
    assert [run["depth"] for run in ended] == list(range(decisions.DEEPEST + 1))
    refused = await rows(engine, world, "SELECT data::text FROM app.journal WHERE kind = 'run.loop-refused'")
    assert len(refused) == 1
    assert "more than 8" in refused[0]["data"]
    assert len(await rows(engine, world, "SELECT 1 FROM app.audit WHERE action = 'run.loop-refused'")) == 1
    assert await rows(engine, world, "SELECT 1 FROM app.run WHERE state <> 'completed'") == []


async def test_an_emitted_event_that_is_none_is_audited_once_and_dropped(
    engine: Engine, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    outlets = Outlets(engine.worker, engine.loop.wake, judge=engine.correlator.nudge)
    run = "run_01h455vb4pex5vsknk084sn02q"
    body = f'{{"run":"{run}","depth":1,"event":{{"specversion":"1.0","id":"1","source":"/f","type":"t","Bad":"1"}}}}'
    for _ in range(2):
        await outlets.emit(world.tenant_id, world.tenant_id, body)
    (line,) = await rows(engine, world, "SELECT actor, target FROM app.audit WHERE action = 'event.refused'")
    assert (line["actor"], line["target"]) == (f"run:{run}", run)


async def test_what_a_run_emits_is_held_to_schemas_as_what_comes_from_outside(
    engine: Engine, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    schema = {"type": "object", "properties": {"amount": {"type": "integer", "maximum": 2}}}
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await schemas.register(session, world.tenant_id, "paid", schema, enforced=True, actor="key")
        await session.commit()
    place = await deploy(app_database, world.tenant_id, HEAD.format("telling") + EMIT, event_type="go")
    await deploy(app_database, world.tenant_id, HEAD.format("started") + "do: [{a: {set: {b: 1}}}]", event_type="paid")
    await engine.intake.receive(world.tenant_id, order(1, kind="go"), "key")
    async with asyncio.timeout(PATIENCE):
        while not (told := await rows(engine, world, "SELECT * FROM app.exception")):
            await asyncio.sleep(0.01)
    # The run has ended well, its event began nothing, and people are told where it broke and not what was in it.
    assert [run["state"] for run in await engine.ended(world)] == ["completed"]
    assert await rows(engine, world, "SELECT 1 FROM app.event WHERE type = 'paid'") == []
    (one,) = told
    assert (one["category"], one["cause"], one["deployment_id"]) == ("dead-letter", "event.refused", place)
    assert one["title"].endswith("its data break urn:own-event-schema:paid:1 at /data/amount")
    (line,) = await rows(engine, world, "SELECT after::text FROM app.audit WHERE action = 'event.refused'")
    assert "/data/amount" in line["after"]
    assert "maximum" not in line["after"]
