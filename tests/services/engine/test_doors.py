"""The doors against a real database: claim, checkpoint, sweep."""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import pytest

from infra.database import Database
from services.engine.claims import Claims
from services.engine.journal import CALL, Checkpoint, Journal, parameters_of
from services.engine.recovery import Swept, sweep
from tests.world import World, deploy, make_tenant, progress, start_runs, write


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


async def test_claims_come_once_and_fair_by_tenant(app_database: Database, worker_database: Database) -> None:
    """F-23: a flood of one tenant stands behind itself, not before the others."""
    flooding = await make_tenant(app_database, "flooding")
    quiet = await make_tenant(app_database, "quiet")
    for world in (flooding, quiet):
        await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, flooding.tenant_id, 300)
    await start_runs(app_database, quiet.tenant_id, 3)
    claims = Claims(worker_database, "w", 30)
    first = await claims.take(10)
    assert sum(claim.tenant_id == quiet.tenant_id for claim in first) == 3
    assert len({claim.run_id for claim in first + await claims.take(400)}) == 303
    assert await claims.take(1) == []


async def test_a_late_tenant_gets_no_credit_for_its_absence(app_database: Database, worker_database: Database) -> None:
    """A13: virtual time starts at what is served now."""
    early = await make_tenant(app_database, "early")
    await deploy(app_database, early.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, early.tenant_id, 50)
    claims = Claims(worker_database, "w", 30)
    await claims.take(40)
    late = await make_tenant(app_database, "late")
    await deploy(app_database, late.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, late.tenant_id, 20)
    taken = await claims.take(10)
    assert 3 <= sum(claim.tenant_id == late.tenant_id for claim in taken) <= 7


async def test_F_02_an_old_fence_writes_nothing(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    (zombie,) = await Claims(worker_database, "zombie", 0).take(1)
    await sweep(worker_database, 3, 0)
    (claim,) = await Claims(worker_database, "solo", 30).take(1, solo=True)
    assert claim.fence == zombie.fence + 1
    assert await write(worker_database, progress(zombie, "completed")) == ["lost"]
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.journal") == 0
        assert await connection.fetchval("SELECT count(*) FROM app.usage WHERE kind = 'task'") == 0
        assert await connection.fetchval("SELECT count(*) FROM app.audit WHERE action = 'run.noted'") == 0
    assert await write(worker_database, progress(claim, "completed")) == ["committed"]


async def test_F_08_a_checkpoint_may_be_repeated(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 2)
    one, two = await Claims(worker_database, "w", 30).take(2)
    assert await write(worker_database, progress(one), progress(two, "completed")) == ["committed", "committed"]
    assert await write(worker_database, progress(one), progress(two, "completed")) == ["repeated", "repeated"]
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.journal") == 2
        assert await connection.fetchval("SELECT sum(quantity) FROM app.usage WHERE kind = 'task'") == 2


async def test_S_17_a_checkpoint_with_a_foreign_tenant_is_refused(
    app_database: Database, worker_database: Database, world: World
) -> None:
    other = await make_tenant(app_database, "other")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    forged = progress(claim)
    forged = Checkpoint(**{f: getattr(forged, f) for f in forged.__struct_fields__} | {"tenant_id": other.tenant_id})
    assert await write(worker_database, forged) == ["lost"]
    for tenant in (world.tenant_id, other.tenant_id):
        async with app_database.tenant(tenant) as connection:
            assert await connection.fetchval("SELECT count(*) FROM app.journal") == 0


async def test_one_bad_row_does_not_take_the_others_along(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 2)
    good, bad = await Claims(worker_database, "w", 30).take(2)
    journal = Journal(worker_database)
    broken = progress(bad)
    broken = Checkpoint(**{f: getattr(broken, f) for f in broken.__struct_fields__} | {"output": "not json"})
    writing = asyncio.gather(journal.commit(progress(good)), journal.commit(broken), return_exceptions=True)
    running = asyncio.create_task(journal.run())
    outcomes = await writing
    running.cancel()
    assert outcomes[0] == "committed"
    assert isinstance(outcomes[1], asyncpg.PostgresError)


async def test_F_14_two_sweepers_requeue_a_dead_workers_run_once(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 20)
    await Claims(worker_database, "dead", 0).take(20)
    swept = await asyncio.gather(sweep(worker_database, 3, 0), sweep(worker_database, 3, 0))
    assert sum(s.requeued for s in swept) == 20
    assert (await sweep(worker_database, 3, 0)).solo
    assert await Claims(worker_database, "w", 30).take(20) == []


async def test_F_18_a_run_that_dies_alone_three_times_is_quarantined_with_its_cause(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    claims = Claims(worker_database, "dying", 0)
    assert len(await claims.take(1)) == 1
    await sweep(worker_database, 3, 0)
    swept: list[Swept] = []
    for _ in range(3):
        assert len(await claims.take(1, solo=True)) == 1
        swept.append(await sweep(worker_database, 3, 0))
    assert [one.quarantined for one in swept] == [0, 0, 1]
    async with app_database.tenant(world.tenant_id) as connection:
        row = await connection.fetchrow("SELECT state, waiting_for->>'kind' AS kind, seq, lane FROM app.run")
        assert (row["state"], row["kind"], row["seq"], row["lane"]) == ("suspended", "quarantine", 1, None)
        assert await connection.fetchval("SELECT kind FROM app.journal") == "run.quarantined"
        target = await connection.fetchval("SELECT target FROM app.audit WHERE action = 'run.quarantined'")
        assert target.startswith("run_")


async def test_progress_clears_a_suspect(app_database: Database, worker_database: Database, world: World) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    await Claims(worker_database, "dead", 0).take(1)
    await sweep(worker_database, 3, 0)
    alone = Claims(worker_database, "solo", 30)
    (claim,) = await alone.take(1, solo=True)
    await write(worker_database, progress(claim))
    await alone.release([claim])
    (again,) = await Claims(worker_database, "w", 30).take(1)
    assert (again.fence, again.seq, again.snapshot) == (claim.fence + 1, 1, b"{}")


async def test_F_04_a_lease_is_renewed_until_somebody_took_the_run(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """Only the fence tells: a lease that ran out while nobody looked is as good as before."""
    await start_runs(app_database, world.tenant_id, 2)
    held = Claims(worker_database, "w", 30)
    (standing,) = await held.take(1)
    (ended,) = await Claims(worker_database, "w", 0).take(1)
    assert await held.renew([standing, ended]) == {standing.run_id, ended.run_id}
    (lost,) = [ended]
    await Claims(worker_database, "w", 0).renew([lost])
    await sweep(worker_database, 3, 0)
    assert await held.renew([standing, lost]) == {standing.run_id}


async def test_F_06_in_the_first_moments_of_a_server_no_lease_is_lost(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    await Claims(worker_database, "w", 0).take(1)
    assert (await sweep(worker_database, 3, 86_400)).requeued == 0
    assert (await sweep(worker_database, 3, 0)).requeued == 1


async def test_A13_a_tenant_holds_no_more_than_its_cap(app_database: Database, worker_database: Database) -> None:
    """F-20: a tenant whose ERP hangs leaves slots to the others, whatever stands before them in the queue."""
    hanging, healthy = await make_tenant(app_database, "hanging"), await make_tenant(app_database, "healthy")
    for world in (hanging, healthy):
        await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, hanging.tenant_id, 200)
    claims = Claims(worker_database, "w", 30, tenant_cap=10)
    assert len(await claims.take(64)) == 10
    assert await claims.take(54) == []
    await start_runs(app_database, healthy.tenant_id, 20)
    second = await claims.take(54)
    assert [claim.tenant_id for claim in second] == [healthy.tenant_id] * 10
    await write(worker_database, *(progress(claim, "completed") for claim in second))
    assert {claim.tenant_id for claim in await claims.take(54)} == {healthy.tenant_id}


async def test_A13_a_woken_backlog_stands_behind_its_own_tenant(
    app_database: Database, worker_database: Database
) -> None:
    parked, fresh = await make_tenant(app_database, "parked"), await make_tenant(app_database, "fresh")
    for world in (parked, fresh):
        await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, parked.tenant_id, 20)
    claims = Claims(worker_database, "w", 30)
    waiting = [msgspec.structs.replace(progress(claim, "waiting"), delay=0.0) for claim in await claims.take(20)]
    assert set(await write(worker_database, *waiting)) == {"committed"}
    await start_runs(app_database, fresh.tenant_id, 5)
    assert (await sweep(worker_database, 3, 0)).woken == 20
    taken = await claims.take(12)
    assert sum(claim.tenant_id == fresh.tenant_id for claim in taken) >= 4
    assert len(await claims.take(30)) == 13


async def test_F_04_renewing_waits_for_no_run_that_somebody_works_on(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """Its own checkpoint, or a person who cancels it; the others' leases are whole meanwhile."""
    await start_runs(app_database, world.tenant_id, 2)
    claims = Claims(worker_database, "w", 0)
    busy, free = await claims.take(2)
    claims.lease = 30
    async with worker_database.doors() as holder, holder.transaction():
        await holder.fetch(CALL, *parameters_of([progress(busy)]))
        assert await claims.renew([busy, free]) == {busy.run_id, free.run_id}
    async with app_database.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT run_id FROM app.run WHERE lease_until > clock_timestamp()")
    assert {row["run_id"] for row in rows} == {free.run_id}
