"""Outages as rows (F-20, F-21): one beginning and one end for all workers, one call that tries, a rate of draining."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.pagination import Page
from services.engine import outages, queueing
from tests.superuser import connected
from tests.world import World, deploy, make_tenant, start_runs

REASON = "it answered with status 503"
AWAY = "connection.away"


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


async def connect(database: Database, world: World, name: str = "erp") -> UUID:
    made = ids.new()
    async with database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, $3, 'erp-simulator', '{}')",
            world.tenant_id,
            made,
            name,
        )
    return made


class Cluster:
    """The test's database, seen whole."""

    def __init__(self, stack: Stack, endpoints: Endpoints) -> None:
        self._stack, self._name = stack, endpoints.database_url.rpartition("/")[2]

    async def do(self, statement: str, *values: object) -> list[object]:
        async with connected(self._stack, self._name) as connection:
            return list(await connection.fetch(statement, *values))

    async def plan(self, statement: str, *values: object) -> str:
        """As under the settings of the doors that look at lines."""
        async with connected(self._stack, self._name) as connection:
            for kind in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                await connection.execute(f"SET enable_{kind} = off")
            return "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + statement, *values))

    async def park(self, runs: list[UUID], connection: UUID) -> None:
        await self.do(
            "UPDATE app.run SET state = 'waiting', lane = NULL, due_at = clock_timestamp() + interval '10 minutes', "
            "waiting_for = json_build_object('kind', 'connection', 'ref', $2::text) WHERE run_id = ANY ($1)",
            runs,
            ids.show("con", connection),
        )

    async def due(self) -> list[UUID]:
        rows = await self.do("SELECT run_id FROM app.run WHERE due_at <= clock_timestamp() ORDER BY created_at")
        return [row["run_id"] for row in rows]  # type: ignore[index]

    async def earlier(self) -> None:
        """As if a minute had passed since the last drain and the end."""
        await self.do("UPDATE app.outage SET drained_at = NULL, ended_at = ended_at - interval '2 minutes'")

    async def audited(self) -> list[str]:
        rows = await self.do("SELECT action FROM app.audit WHERE action LIKE 'connection.%' ORDER BY audit_id")
        return [row["action"] for row in rows]  # type: ignore[index]


@pytest.fixture
def cluster(stack: Stack, endpoints: Endpoints) -> Cluster:
    return Cluster(stack, endpoints)


async def test_F_20_an_outage_begins_and_ends_once_whoever_sees_it(
    worker_database: Database, app_database: Database, world: World, cluster: Cluster
) -> None:
    erp, tenant = await connect(app_database, world), world.tenant_id
    assert await outages.ask(worker_database, tenant, erp) is None
    await asyncio.gather(*(outages.begin(worker_database, tenant, erp, REASON, 30) for _ in range(5)))
    assert await outages.ask(worker_database, tenant, erp) == outages.Outage(REASON)
    assert await cluster.audited() == [AWAY]
    await asyncio.gather(*(outages.end(worker_database, tenant, erp) for _ in range(5)))
    assert await outages.ask(worker_database, tenant, erp) is None
    await outages.begin(worker_database, tenant, erp, REASON, 30)
    assert await cluster.audited() == [AWAY, "connection.back", AWAY]


async def test_F_20_one_call_of_all_workers_tries_and_the_next_one_later(
    worker_database: Database, app_database: Database, world: World, cluster: Cluster
) -> None:
    erp, tenant = await connect(app_database, world), world.tenant_id
    await outages.begin(worker_database, tenant, erp, REASON, 0)
    paces = []
    for _ in range(9):
        found = await asyncio.gather(*(outages.ask(worker_database, tenant, erp) for _ in range(6)))
        assert sum(one.is_probe for one in found if one is not None) == 1
        (row,) = await cluster.do(
            "UPDATE app.outage SET probe_at = clock_timestamp() "
            "RETURNING (SELECT round(extract(epoch FROM o.probe_at - clock_timestamp()))::int "
            "FROM app.outage o) AS pace"
        )
        paces.append(row["pace"])  # type: ignore[index]
    assert paces == [1, 1, 1, 2, 4, 8, 16, 30, 30]


async def test_F_21_runs_are_drained_at_a_rate_the_oldest_first(
    worker_database: Database, app_database: Database, world: World, cluster: Cluster
) -> None:
    erp, other = await connect(app_database, world), await connect(app_database, world, "other")
    runs = await start_runs(app_database, world.tenant_id, 12)
    await cluster.park(runs[:10], erp)
    await cluster.park(runs[10:], other)
    await outages.begin(worker_database, world.tenant_id, erp, REASON, 30)
    assert await outages.drain(worker_database, 4) == 0, "it is still away"
    await cluster.do("UPDATE app.outage SET probe_at = clock_timestamp()")
    assert await outages.drain(worker_database, 4) == 1, "somebody must try"
    assert await outages.drain(worker_database, 4) == 0
    await cluster.park(runs[:1], erp)
    await outages.end(worker_database, world.tenant_id, erp)
    drained = await asyncio.gather(*(outages.drain(worker_database, 4) for _ in range(8)))
    assert sum(drained) == 4, "all workers together keep to the rate"
    assert await cluster.due() == runs[:4]
    for woken in (4, 2, 0):
        await cluster.earlier()
        assert await outages.drain(worker_database, 4) == woken
    assert await cluster.due() == runs[:10], "who waits for another connection goes on waiting"
    (row,) = await cluster.do("SELECT draining FROM app.outage")
    assert not row["draining"]  # type: ignore[index]


async def test_F_21_an_outage_that_nobody_waits_for_keeps_nobody_from_the_drain(
    worker_database: Database, app_database: Database, world: World, cluster: Cluster
) -> None:
    for number in range(3):
        idle = await connect(app_database, world, f"idle-{number}")
        await outages.begin(worker_database, world.tenant_id, idle, REASON, 0)
    assert await outages.drain(worker_database, 4) == 0
    (row,) = await cluster.do(
        "SELECT min(extract(epoch FROM probe_at - clock_timestamp()))::int AS pause FROM app.outage"
    )
    assert row["pause"] >= 28, "it is asked about again half a minute later"  # type: ignore[index]


async def test_F_21_the_oldest_promise_is_drained_first(
    worker_database: Database, app_database: Database, world: World, cluster: Cluster
) -> None:
    """By deadline; those without one come after, by age."""
    erp = await connect(app_database, world)
    runs = await start_runs(app_database, world.tenant_id, 6)
    await cluster.park(runs, erp)
    for place, hours in ((4, 2), (1, 5), (5, 1)):
        await cluster.do(
            "UPDATE app.run SET deadline = clock_timestamp() + make_interval(hours => $2) WHERE run_id = $1",
            runs[place],
            hours,
        )
    await outages.begin(worker_database, world.tenant_id, erp, REASON, 0)
    await outages.drain(worker_database, 4)
    assert await cluster.due() == [runs[5]], "the one that tries"
    await outages.end(worker_database, world.tenant_id, erp)
    due: list[UUID] = []
    for _ in range(5):
        await cluster.earlier()
        assert await outages.drain(worker_database, 1) == 1
        due.append(next(run for run in await cluster.due() if run not in [runs[5], *due]))
    assert due == [runs[4], runs[1], runs[0], runs[2], runs[3]]


async def test_people_are_told_of_an_outage_and_others_nothing(
    worker_database: Database, app_database: Database, world: World
) -> None:
    erp = await connect(app_database, world)
    await outages.begin(worker_database, world.tenant_id, erp, REASON, 30)
    async with app_database.tenant(world.tenant_id) as transaction:
        told = await outages.told(transaction, world.tenant_id, erp)
    assert told is not None
    assert (told.reason, told.ended_at) == (REASON, None)
    assert told.next_try_at is not None
    stranger = await make_tenant(app_database, "stranger")
    async with app_database.tenant(stranger.tenant_id) as transaction:
        assert await outages.told(transaction, world.tenant_id, erp) is None


async def test_F_22_ten_thousand_waiting_runs_are_told_through_their_index(
    app_database: Database, world: World, cluster: Cluster
) -> None:
    """Neither another tenant's runs nor those that ended are read; what is asked of each is one row of the index."""
    erp = await connect(app_database, world)
    (first,) = await start_runs(app_database, world.tenant_id, 1)
    await cluster.park([first], erp)
    await cluster.do(
        "INSERT INTO app.run (tenant_id, run_id, deployment_id, revision, state, turn, due_at, waiting_for, "
        "created_at, deadline, value_amount, value_currency) "
        "SELECT r.tenant_id, gen_random_uuid(), r.deployment_id, r.revision, 'waiting', 0, r.due_at, r.waiting_for, "
        "r.created_at, r.created_at + make_interval(mins => n), 100, CASE WHEN n % 4 = 0 THEN 'EUR' ELSE 'USD' END "
        "FROM app.run r, generate_series(1, 9999) n"
    )
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        queue = await queueing.read(session, erp)
        seen: list[UUID] = []
        page = Page(200)
        while len(seen) < 600:
            runs, last = await queueing.page(session, erp, page)
            seen += runs
            page = Page(200, last)
    assert (queue.runs, queue.kinds) == (10_000, {"connection": 10_000})
    assert [(one.currency, one.amount, one.runs) for one in queue.worth] == [
        ("EUR", 249_900, 2499),
        ("USD", 750_000, 7500),
    ]
    expected = await cluster.do("SELECT run_id FROM app.run ORDER BY deadline, created_at LIMIT 600")
    assert seen == [row["run_id"] for row in expected]  # type: ignore[index]
    plan = await cluster.plan(
        "SELECT run_id FROM app.run r WHERE r.tenant_id = $1 AND r.waiting_for ->> 'ref' = 'con_1' "
        "AND r.waiting_for ->> 'kind' IN ('connection', 'slot', 'quota') AND r.state = 'waiting' AND r.lane IS NULL "
        "ORDER BY coalesce(r.deadline, 'infinity'::timestamptz), r.created_at, r.run_id LIMIT 50",
        world.tenant_id,
    )
    assert "run_waiting_for" in plan, plan
    assert "Sort" not in plan, plan
