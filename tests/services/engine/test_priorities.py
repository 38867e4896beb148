"""A13, F-23: classes of runs in a tenant's line, and between tenants; in the order of the real claim."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra import clock, ids
from infra.database import Database
from services.engine import starter, subscriptions
from services.engine.claims import Claims
from services.engine.recovery import sweep
from services.events.cloud_event import CloudEvent, read
from services.events.errors import InvalidEvent
from services.events.received import Received
from tests.world import World, deploy, event, make_tenant, progress, write

QUICK, NORMAL, BULK = 0, 1, 2


class Line:
    """Tenants of equal weight with a deployment each, and one worker."""

    def __init__(self, app: Database, worker: Database) -> None:
        self.app = app
        self.worker = worker
        self.claims = Claims(worker, "w", 60)
        self.tenants: list[tuple[World, UUID]] = []

    async def add_tenant(self, slug: str) -> None:
        world = await make_tenant(self.app, slug)
        self.tenants.append((world, await deploy(self.app, world.tenant_id, "document: {}", event_type="order")))

    async def come(self, tenant: int, *priorities: int) -> list[UUID]:
        world, deployment = self.tenants[tenant]
        runs = [
            starter.Beginning(
                run_id=ids.new(),
                deployment_id=deployment,
                revision=1,
                input="null",
                actor="test",
                cause={},
                priority=priority,
            )
            for priority in priorities
        ]
        async with self.app.tenant(world.tenant_id) as connection:
            await starter.begin(connection, world.tenant_id, runs)
        return [one.run_id for one in runs]

    async def claim(self, count: int) -> list[UUID]:
        """In the order of the line."""
        found = []
        for _ in range(count):
            found += [one.run_id for one in await self.claims.take(1)]
        return found


@pytest.fixture
async def line(app_database: Database, worker_database: Database) -> Line:
    line = Line(app_database, worker_database)
    await line.add_tenant("acme")
    return line


async def test_A13_an_interactive_run_overtakes_a_backlog_of_ten_thousand_bulk_runs(line: Line) -> None:
    await line.come(0, *[BULK] * 10_000)
    await line.claim(3)
    (quick,) = await line.come(0, QUICK)
    (normal,) = await line.come(0, NORMAL)
    assert await line.claim(2) == [quick, normal]


async def test_A13_bulk_has_its_turn_however_many_others_keep_coming(line: Line) -> None:
    """Each interactive run that comes takes its turn before the backlog, and none of it waits for ever."""
    bulk = await line.come(0, *[BULK] * 5)
    served: list[UUID] = []
    for _ in range(40):
        await line.come(0, QUICK)
        served += await line.claim(1)
    # One turn in five, as bulk costs four times as much.
    assert [one for one in served if one in bulk] == bulk
    assert [n for n, one in enumerate(served) if one in bulk] == [3, 8, 13, 18, 23]


async def test_A13_what_a_class_takes_is_paid_by_those_below_it(line: Line) -> None:
    """Who uses classes has no greater share: what comes behind the overtaken is that much later."""
    await line.add_tenant("plain")
    await line.come(0, *[NORMAL] * 10)
    await line.come(0, *[QUICK] * 10)
    behind = await line.come(0, NORMAL)
    plain = await line.come(1, *[NORMAL] * 20)
    order = await line.claim(41)
    assert order.index(behind[0]) > order.index(plain[18])


async def test_a_batch_of_several_classes_takes_their_places_at_once(line: Line) -> None:
    one, two, three, four, five = await line.come(0, BULK, NORMAL, QUICK, NORMAL, QUICK)
    assert await line.claim(5) == [three, five, two, four, one]


ARRIVALS = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(0, 2), min_size=1, max_size=4), st.integers(0, 4)), max_size=12
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=ARRIVALS)
async def test_A13_whoever_had_nothing_in_line_starts_after_each_other_line_once(
    line: Line, arrivals: list[tuple[int, list[int], int]]
) -> None:
    """And within one class of a tenant, runs are served in the order in which they came."""
    while len(line.tenants) < 4:
        await line.add_tenant(f"t{len(line.tenants)}")
    waiting: dict[UUID, tuple[int, int]] = {}
    came: list[UUID] = []
    order: list[UUID] = []

    async def claim(count: int) -> list[UUID]:
        claimed = await line.claim(count)
        order.extend(claimed)
        for one in claimed:
            del waiting[one]
        return claimed

    for tenant, priorities, count in arrivals:
        runs = await line.come(tenant, *priorities)
        came += runs
        waiting |= {run: (tenant, priority) for run, priority in zip(runs, priorities, strict=True)}
        await claim(count)
    known = dict(waiting)
    lines = len(set(waiting.values()))
    (late,) = await line.come(3, NORMAL)
    waiting[late] = (3, NORMAL)
    before = await claim(lines + 1)
    assert late in before
    await claim(len(waiting))
    for its in set(known.values()):
        mine = [run for run in came if known.get(run) == its]
        assert [run for run in order if run in mine] == mine


async def test_a_run_that_waited_comes_back_in_its_class(line: Line) -> None:
    """A timer that is due, in the midst of a bulk backlog of the same tenant."""
    (quick,) = await line.come(0, QUICK)
    (claim,) = await line.claims.take(1)
    parked = msgspec.structs.replace(
        progress(claim, "waiting"), delay=0.0, waiting_for='{"kind":"timer","ref":"","since":"2026-01-01T00:00:00Z"}'
    )
    await line.come(0, *[BULK] * 50)
    assert await write(line.worker, parked) == ["committed"]
    while not (await sweep(line.worker, 3, 60)).woken:
        pass
    assert await line.claim(1) == [quick]


async def test_a_run_that_is_resumed_comes_back_in_its_class(line: Line) -> None:
    (quick,) = await line.come(0, QUICK)
    world, _ = line.tenants[0]
    async with line.app.tenant(world.tenant_id) as connection:
        await connection.fetchval("SELECT app.suspend_run($1, 'test', $2, '{}')", quick, ids.new())
    await line.come(0, *[BULK] * 50)
    async with line.app.tenant(world.tenant_id) as connection:
        await connection.fetchval("SELECT app.resume_run($1, 'test', $2, NULL)", quick, ids.new())
    assert await line.claim(1) == [quick]


async def wait_for(line: Line, waiting: dict[str, object], **more: Any) -> list[UUID]:
    """An ordinary run and an interactive one, in this order, that wait for the same thing behind fifty bulk runs."""
    runs = await line.come(0, NORMAL, QUICK)
    held = {claim.run_id: claim for claim in await line.claims.take(2)}
    text = msgspec.json.encode({"since": "2026-01-01T00:00:00Z", **waiting}).decode()
    parked = [msgspec.structs.replace(progress(held[run], "waiting"), waiting_for=text, **more) for run in runs]
    assert await write(line.worker, *parked) == ["committed", "committed"]
    await line.come(0, *[BULK] * 50)
    return runs


async def test_runs_that_an_event_wakes_come_back_in_their_class(line: Line) -> None:
    since = clock.now() - dt.timedelta(seconds=1)
    wanted = [subscriptions.Subscription("paid", {})]
    normal, quick = await wait_for(line, {"kind": "event", "ref": ""}, listens=True, subscriptions=wanted, since=since)
    world, _ = line.tenants[0]
    async with line.app.tenant(world.tenant_id) as connection:
        await starter.follow(connection, world.tenant_id, [Received(ids.new(), event(1, "paid"), "test")])
    assert set(await line.claim(2)) == {quick, normal}


async def test_F_20_runs_that_a_connections_line_calls_come_back_in_their_class(line: Line) -> None:
    world, _ = line.tenants[0]
    erp = ids.new()
    normal, quick = await wait_for(line, {"kind": "slot", "ref": ids.show("con", erp)}, delay=600.0)
    async with line.app.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', 'erp', '{}')",
            world.tenant_id,
            erp,
        )
    async with line.worker.doors() as connection:
        assert await connection.fetchval("SELECT app.call_line($1, $2, 10)", world.tenant_id, erp) == 2
    assert set(await line.claim(2)) == {quick, normal}


def asking(priority: object) -> CloudEvent:
    body = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order", "runpriority": priority}
    return read({"content-type": "application/cloudevents+json"}, msgspec.json.encode(body))


async def test_an_event_says_the_class_of_what_it_begins_and_its_deployment_else(line: Line) -> None:
    world, deployment = line.tenants[0]
    async with line.app.tenant(world.tenant_id) as connection:
        await connection.execute("UPDATE app.deployment SET priority = 2 WHERE deployment_id = $1", deployment)
    for one in (event(7, "order"), asking("interactive")):
        async with line.app.tenant(world.tenant_id) as connection:
            await starter.start(connection, world.tenant_id, [Received(ids.new(), one, "test")])
    async with line.app.tenant(world.tenant_id) as connection:
        found = await connection.fetch("SELECT priority FROM app.run ORDER BY run_id")
    assert [row["priority"] for row in found] == [BULK, QUICK]


@pytest.mark.parametrize("given_", ["urgent", "", 0, True])
def test_an_event_that_asks_for_no_such_class_is_refused(given_: object) -> None:
    with pytest.raises(InvalidEvent, match="runpriority"):
        asking(given_)
