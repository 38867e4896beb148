"""Signals: events for the runs of one key, each of which hears them once (ADR 0028)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.engine import inbox, signalling
from services.engine.signalling import NobodyListens, NoRunOfKey, Taken
from services.events.cloud_event import read
from services.events.errors import EventIdReused
from services.events.received import Received
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

DOCUMENT = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: signalled
  version: 1.0.0
  metadata: {keys: {search: {orderNumber: '${ .[0].data.value }'}}}
do:
  - first: {listen: {to: {one: {with: {type: approved}}}}}
  - second: {listen: {to: {one: {with: {type: shipped}}}}}
"""


@pytest.fixture
async def tenant(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order")
    return world


def signal(number: int, kind: str = "approved", data: Any = None) -> Received:
    event = {"specversion": "1.0", "id": f"s-{number}", "source": "/signals", "type": kind, "data": data}
    body = msgspec.json.encode(event)
    return Received(ids.new(), read({"content-type": "application/cloudevents+json"}, body), "key")


async def send(engine: Engine, tenant: World, value: str, received: Received) -> Taken:
    taken = await signalling.signal(engine.app, tenant.tenant_id, received, "orderNumber", value)
    engine.loop.wake()
    return taken


async def begun(engine: Engine, tenant: World, *orders: str) -> list[UUID]:
    """Their runs, each parked where it listens first."""
    runs = [
        (await engine.intake.receive(tenant.tenant_id, order(n, value), "key")).runs[0]
        for n, value in enumerate(orders)
    ]
    await listening(engine, tenant, "approved", len(orders))
    return runs


async def listening(engine: Engine, tenant: World, kind: str, count: int) -> None:
    query = (
        "SELECT type FROM app.subscription JOIN app.run USING (tenant_id, run_id) "
        "WHERE state = 'waiting' AND lane IS NULL"
    )
    async with asyncio.timeout(PATIENCE):
        while [row["type"] for row in await rows(engine, tenant, query)].count(kind) < count:
            await asyncio.sleep(0.01)


async def rows(engine: Engine, tenant: World, query: str) -> list[Any]:
    async with engine.worker.tenant(tenant.tenant_id) as connection:
        return list(await connection.fetch(query))


async def test_F_13_a_signal_reaches_the_runs_of_its_key_and_each_once_however_often_it_comes(
    engine: Engine, tenant: World
) -> None:
    first, other, second = await begun(engine, tenant, "SO-1", "SO-2", "SO-1")
    answers = await asyncio.gather(*(send(engine, tenant, "SO-1", signal(1)) for _ in range(10)))
    assert {(one.event_id, tuple(one.runs)) for one in answers} == {
        (answers[0].event_id, tuple(sorted((first, second))))
    }
    assert [one.repeated for one in answers].count(False) == 1, "whichever of them came first"
    await listening(engine, tenant, "shipped", 2)
    await send(engine, tenant, "SO-1", signal(2, "shipped", {"by": "sea"}))
    ended = await engine.ended(tenant, 2)
    assert {(row["run_id"], row["output"]) for row in ended} == {(run, '[{"by":"sea"}]') for run in (first, second)}
    (left,) = await rows(engine, tenant, "SELECT run_id FROM app.run WHERE ended_at IS NULL")
    assert left["run_id"] == other
    assert await rows(engine, tenant, "SELECT 1 FROM app.inbox") == []
    again = await send(engine, tenant, "SO-1", signal(1))
    assert (again.event_id, again.runs, again.repeated) == (answers[0].event_id, answers[0].runs, True)
    sent = await rows(engine, tenant, "SELECT target, after::text FROM app.audit WHERE action = 'signal.sent'")
    assert len(sent) == 2
    assert sent[0]["target"] == ids.show("evt", again.event_id)


async def test_a_signal_of_a_key_of_many_past_runs_reaches_the_one_that_listens(engine: Engine, tenant: World) -> None:
    """More than are looked at one by one; when nobody listens, who has not ended is still told from those that have."""
    (run, _) = await begun(engine, tenant, "SO-1", "SO-2")
    async with engine.worker.tenant(tenant.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.run_key (tenant_id, run_id, name, value) "
            "SELECT tenant_id, gen_random_uuid(), name, value FROM app.run_key, generate_series(1, 1500) "
            "WHERE run_id = $1",
            run,
        )
    assert (await send(engine, tenant, "SO-1", signal(1))).runs == [run]
    await listening(engine, tenant, "shipped", 1)
    with pytest.raises(NobodyListens, match="1 runs"):
        await send(engine, tenant, "SO-1", signal(2))


async def test_a_signal_that_nobody_takes_is_refused_and_leaves_nothing(engine: Engine, tenant: World) -> None:
    await begun(engine, tenant, "SO-1")
    with pytest.raises(NoRunOfKey):
        await send(engine, tenant, "SO-9", signal(1))
    with pytest.raises(NobodyListens):
        await send(engine, tenant, "SO-1", signal(1, "shipped"))
    assert await rows(engine, tenant, "SELECT 1 FROM app.event_key WHERE source = '/signals'") == []
    assert len((await send(engine, tenant, "SO-1", signal(1))).runs) == 1
    with pytest.raises(EventIdReused):
        await send(engine, tenant, "SO-1", signal(1, "shipped"))
    with pytest.raises(EventIdReused):
        await send(engine, tenant, "SO-2", signal(1))


async def test_S_03_a_search_for_missed_events_gives_a_signal_to_no_run_of_another_key_or_tenant(
    engine: Engine, tenant: World
) -> None:
    since = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    one, other = await begun(engine, tenant, "SO-1", "SO-2")
    stranger = await make_tenant(engine.app, "stranger")
    with pytest.raises(NoRunOfKey):
        await send(engine, stranger, "SO-1", signal(1))
    engine.loop.stopping = True
    engine.loop.wake()
    assert (await send(engine, tenant, "SO-1", signal(1))).runs == [one]
    await inbox.catch_up(engine.worker, tenant.tenant_id, other, since)
    await inbox.catch_up(engine.worker, tenant.tenant_id, one, since)
    assert [row["run_id"] for row in await rows(engine, tenant, "SELECT run_id FROM app.inbox WHERE NOT is_read")] in (
        [one],
        [],
    )
