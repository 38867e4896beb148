"""A person suspends runs and lets them go on: at once where nobody holds them, else with their worker's next commit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from infra.database import Database
from infra.problems import NotFound
from services.engine import lifecycle, operating
from services.engine.claims import Claim, Claims
from services.engine.lifecycle import Line, Subject
from services.engine.operating import RunHasEnded, RunNotSuspended
from services.engine.recovery import sweep
from tests.world import World, deploy, make_tenant, progress, start_runs, write

ACTOR = "key:key_1"


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


async def suspend(database: Database, world: World, run: UUID) -> None:
    async with database.tenant(world.tenant_id) as connection:
        await operating.suspend(connection, world.tenant_id, run, ACTOR)


async def resume(database: Database, world: World, run: UUID) -> None:
    async with database.tenant(world.tenant_id) as connection:
        await operating.resume(connection, world.tenant_id, run, ACTOR)


async def standing(database: Database, world: World) -> dict[str, Any]:
    """The tenant's only run."""
    async with database.tenant(world.tenant_id) as connection:
        return dict(await connection.fetchrow("SELECT r.*, waiting_for ->> 'kind' AS kind FROM app.run r"))


async def journal(database: Database, world: World) -> list[str]:
    async with database.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT kind, seq FROM app.journal ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    return [row["kind"] for row in rows]


async def held(app: Database, worker: Database, world: World) -> tuple[UUID, Claim]:
    """A run in a worker's hands."""
    (run,) = await start_runs(app, world.tenant_id, 1)
    (claim,) = await Claims(worker, "w", 30).take(1)
    return run, claim


async def test_a_run_that_nobody_holds_is_set_aside_at_once(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    await suspend(app_database, world, run)
    await suspend(app_database, world, run)
    row = await standing(app_database, world)
    assert (row["state"], row["lane"], row["kind"]) == ("suspended", None, "suspension")
    claims = Claims(worker_database, "w", 30)
    assert await claims.take(1) == []
    await resume(app_database, world, run)
    assert (await standing(app_database, world))["state"] == "pending"
    with pytest.raises(RunNotSuspended):
        await resume(app_database, world, run)
    assert [claim.run_id for claim in await claims.take(1)] == [run]
    assert await journal(app_database, world) == ["run.suspended", "run.resumed"]
    async with app_database.tenant(world.tenant_id) as connection:
        told = await connection.fetch("SELECT action FROM app.audit WHERE actor = $1 ORDER BY audit_id", ACTOR)
    assert {row["action"] for row in told} == {"run.suspension-asked", "run.suspended", "run.resumed"}


async def test_F_08_the_next_commit_of_a_held_run_sets_it_aside_and_keeps_what_was_done(
    app_database: Database, worker_database: Database, world: World
) -> None:
    run, claim = await held(app_database, worker_database, world)
    await suspend(app_database, world, run)
    row = await standing(app_database, world)
    assert (row["state"], row["asked"] is not None) == ("running", True)
    made = progress(claim)
    assert await write(worker_database, made) == ["suspended"]
    assert await write(worker_database, made) == ["suspended"]
    row = await standing(app_database, world)
    assert (row["state"], row["seq"], row["snapshot"], row["lease_until"]) == ("suspended", 2, b"{}", None)
    assert await journal(app_database, world) == ["task.completed", "run.suspended"]
    assert await write(worker_database, replace(made, seq=2)) == ["lost"]
    await resume(app_database, world, run)
    assert await write(worker_database, replace(made, seq=3)) == ["lost"]
    (again,) = await Claims(worker_database, "w", 30).take(1)
    assert (again.snapshot, again.seq) == (b"{}", 3)
    assert await write(worker_database, progress(again, "completed")) == ["committed"]


async def test_the_outside_is_told_by_whatever_set_the_run_aside(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The event is the one that the journal's line is rendered as, with its id and its time (ADR 0022)."""
    run, claim = await held(app_database, worker_database, world)
    await suspend(app_database, world, run)
    await write(worker_database, replace(progress(claim), messages=[]))
    await resume(app_database, world, run)
    await suspend(app_database, world, run)
    async with worker_database.doors() as connection:
        rows = await connection.fetch("SELECT body FROM app.take_outbox(10, 60)")
    told = [msgspec.json.decode(row["body"]) for row in rows]
    async with app_database.tenant(world.tenant_id) as connection:
        lines = await connection.fetch("SELECT seq, at, kind FROM app.journal WHERE kind LIKE 'run.%' ORDER BY seq")
    of = Subject(tenant=world.tenant_id, run=run, definition={"name": "", "namespace": "", "version": ""})
    wanted = [lifecycle.own(of, Line(**dict(line))) for line in lines]
    plain = [{**event, "data": {**event["data"], "name": ""}} for event in told]
    assert plain == [{**event, "data": {**event["data"], "name": ""}} for event in wanted]
    assert [line["kind"] for line in lines] == ["run.suspended", "run.resumed", "run.suspended"]


async def test_a_commit_beside_a_call_under_way_is_told_of_the_wish_and_the_run_stays(
    app_database: Database, worker_database: Database, world: World
) -> None:
    run, claim = await held(app_database, worker_database, world)
    await suspend(app_database, world, run)
    assert await write(worker_database, replace(progress(claim), if_asked="refuse")) == ["lost"]
    assert await journal(app_database, world) == []
    made = replace(progress(claim), if_asked="tell")
    assert await write(worker_database, made) == ["asked"]
    assert await write(worker_database, made) == ["asked"]
    assert (await standing(app_database, world))["state"] == "running"
    assert await write(worker_database, progress(replace(claim, seq=1))) == ["suspended"]
    assert await journal(app_database, world) == ["task.completed", "task.completed", "run.suspended"]


async def test_a_wish_is_dropped_by_resume_and_by_the_run_s_end(
    app_database: Database, worker_database: Database, world: World
) -> None:
    run, claim = await held(app_database, worker_database, world)
    await suspend(app_database, world, run)
    await resume(app_database, world, run)
    assert await write(worker_database, progress(claim)) == ["committed"]
    await suspend(app_database, world, run)
    assert await write(worker_database, progress(replace(claim, seq=1), "completed")) == ["committed"]
    row = await standing(app_database, world)
    assert (row["state"], row["asked"]) == ("completed", None)
    with pytest.raises(RunHasEnded):
        await suspend(app_database, world, run)


async def test_F_01_a_worker_that_dies_with_a_wish_leaves_a_suspended_run(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    dying = Claims(worker_database, "dying", 0)
    (claim,) = await dying.take(1)
    await suspend(app_database, world, run)
    await sweep(worker_database, 3, 0)
    row = await standing(app_database, world)
    assert (row["state"], row["lane"], row["suspect"]) == ("suspended", None, True)
    assert await write(worker_database, progress(claim)) == ["lost"]  # F-02
    await resume(app_database, world, run)
    claims = Claims(worker_database, "w", 30)
    assert await claims.take(1) == []
    assert [one.run_id for one in await claims.take(1, solo=True)] == [run]


async def test_F_32_a_worker_that_hands_a_run_back_leaves_it_suspended_if_somebody_asked(
    app_database: Database, worker_database: Database, world: World
) -> None:
    run, claim = await held(app_database, worker_database, world)
    await suspend(app_database, world, run)
    await Claims(worker_database, "w", 30).release([claim])
    assert (await standing(app_database, world))["state"] == "suspended"


async def test_S_01_another_tenants_run_is_none_to_suspend(app_database: Database, world: World) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    other = await make_tenant(app_database, "other")
    with pytest.raises(NotFound):
        await suspend(app_database, other, run)
    assert (await standing(app_database, world))["state"] == "pending"
