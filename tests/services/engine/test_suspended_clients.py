"""S-06: runs of a suspended client stand aside and lose nothing; resumed, they go on behind what is in line."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from services.engine import lines
from services.engine.claims import Claims
from services.engine.recovery import sweep
from services.engine.scheduling import begin_due
from tests.patience import PATIENCE
from tests.services.engine.test_scheduling import make_due, plan, rows
from tests.superuser import connected
from tests.world import World, deploy, make_tenant, progress, start_runs, write


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


async def hold(database: Database, world: World, mark: int) -> None:
    async with database.session(Scope.partner(world.partner_id)) as session:
        await session.execute(
            text("UPDATE app.tenant SET hold = :mark WHERE tenant_id = :tenant"),
            {"mark": mark, "tenant": world.tenant_id},
        )
        await session.commit()


async def held(database: Database, world: World) -> Any:
    async with database.session(Scope.partner(world.partner_id)) as session:
        return await session.scalar(
            text("SELECT hold FROM app.tenant WHERE tenant_id = :tenant"), {"tenant": world.tenant_id}
        )


async def test_S_06_no_run_of_a_suspended_client_is_claimed_and_all_come_back(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 6)
    claims = Claims(worker_database, "w", 30)
    (running,) = await claims.take(1)
    await hold(app_database, world, 1)
    await sweep(worker_database, 3, 30)
    assert await claims.take(10) == []
    # What a worker has in hand comes to its next commit, and then stands aside with the others.
    assert await write(worker_database, progress(running)) == ["committed"]
    await claims.release([running])
    await sweep(worker_database, 3, 30)
    assert await claims.take(10) == []
    other = await make_tenant(app_database, "other")
    await deploy(app_database, other.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, other.tenant_id, 20)
    assert len(await claims.take(8)) == 8
    await hold(app_database, world, 2)
    await sweep(worker_database, 3, 30)
    assert await held(app_database, world) is None
    taken = await claims.take(12)
    mine = [claim for claim in taken if claim.tenant_id == world.tenant_id]
    assert 4 <= len(mine) <= 6, "it takes turns with the others, and what was held for long overtakes nobody (A13)"
    rest = [claim.run_id for claim in await claims.take(20) if claim.tenant_id == world.tenant_id]
    assert len({claim.run_id for claim in mine} | set(rest)) == 6


async def test_S_06_a_suspect_of_a_suspended_client_is_still_one_when_it_is_resumed(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    await Claims(worker_database, "dies", 0).take(1)
    await hold(app_database, world, 1)
    assert not (await sweep(worker_database, 3, 0)).solo
    solo = Claims(worker_database, "solo", 30)
    assert await solo.take(1, solo=True) == []
    await hold(app_database, world, 2)
    await sweep(worker_database, 3, 0)
    assert await solo.take(1) == []
    assert len(await solo.take(1, solo=True)) == 1


async def test_S_06_timers_and_schedules_wait_for_the_end_of_a_suspension(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await plan(app_database, world, "{every: {hours: 1}}")
    await make_due(app_database, world, "2 hours")
    await hold(app_database, world, 1)
    begun, seconds = await begin_due(worker_database)
    assert (begun, seconds) == (0, None)
    await hold(app_database, world, 2)
    assert (await sweep(worker_database, 3, 30)).woken == 1
    assert len(await rows(app_database, world, "SELECT 1 FROM app.run")) == 1
    assert len(await Claims(worker_database, "w", 30).take(5)) == 1


async def broken(database: Database) -> list[str]:
    async with database.doors() as connection:
        return [row["words"] for row in await connection.fetch("SELECT * FROM app.broken($1, 30, 9)", UUID(int=0))]


async def test_S_06_F_14_a_client_that_is_resumed_in_the_middle_of_a_sweep_strands_no_run(
    app_database: Database, worker_database: Database, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    """One worker is setting its runs aside when it is resumed, and another one puts back what it sees of them."""
    await start_runs(app_database, world.tenant_id, 4)
    await hold(app_database, world, 1)
    name = endpoints.database_url.rpartition("/")[2]
    async with connected(stack, name) as root, worker_database.doors() as first:
        under_way = first.transaction()
        await under_way.start()
        await first.fetch("SELECT * FROM app.sweep_runs(100, 3, 30)")
        resuming = asyncio.create_task(hold(app_database, world, 2))
        async with asyncio.timeout(PATIENCE):
            waits = "SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            waits += "WHERE NOT l.granted AND a.datname = current_database())"
            while not resuming.done() and not await root.fetchval(waits):
                await asyncio.sleep(0.01)
        await lines.up_again(worker_database, 100)
        await under_way.commit()
        await resuming
    await sweep(worker_database, 3, 30)
    assert await held(app_database, world) is None
    assert len(await Claims(worker_database, "w", 30).take(10)) == 4
    assert await broken(worker_database) == []


async def test_S_06_a_run_that_stands_aside_of_a_client_that_does_not_rest_is_found(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """I1: nobody would ever look at it again."""
    await start_runs(app_database, world.tenant_id, 1)
    await hold(app_database, world, 1)
    await sweep(worker_database, 3, 30)
    assert await broken(worker_database) == []
    async with app_database.session(Scope.partner(world.partner_id)) as session:
        await session.execute(text("UPDATE app.tenant SET hold = NULL"))
        await session.commit()
    assert await broken(worker_database) == ["it stands aside, and its client is not suspended"]


async def test_S_06_a_client_that_rests_costs_the_sweeps_no_write(
    app_database: Database, worker_database: Database, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    await start_runs(app_database, world.tenant_id, 3)
    await hold(app_database, world, 1)
    await sweep(worker_database, 3, 30)
    of_row = "SELECT ctid::text, xmin::text, xmax::text FROM app"
    marks = f"{of_row}.tenant UNION ALL {of_row}.run"
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as root:
        before = sorted(map(tuple, await root.fetch(marks)))
        for _ in range(3):
            await sweep(worker_database, 3, 30)
        assert sorted(map(tuple, await root.fetch(marks))) == before
