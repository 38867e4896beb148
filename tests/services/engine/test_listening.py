"""Runs that listen: parked without a worker, woken by events, each of which they hear once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.engine.functions import Call, Done
from services.engine.recovery import sweep
from services.events.cloud_event import CloudEvent, read
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

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
    async with asyncio.timeout(PATIENCE):
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
        await connection.execute("SELECT app.cancel_run($1, 'key', $2)", waiting["run_id"], ids.new())
    assert await rows(engine, tenant, "SELECT 1 FROM app.subscription") == []


async def test_an_event_is_heard_while_a_call_of_another_branch_is_under_way(engine: Engine, tenant: World) -> None:
    answered = asyncio.Event()

    async def slow(call: Call) -> Done:
        await answered.wait()
        return Done(output={"value": call.arguments["input"]["value"] + 1})

    engine.functions["connector:1.0.0@default"] = slow
    await deploy(engine.app, tenant.tenant_id, HEAD + BESIDE, event_type="order", bindings={"erp": UUID(int=7)})
    await engine.intake.receive(tenant.tenant_id, order(1), "key")
    async with asyncio.timeout(PATIENCE):
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
