from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.problems import NotFound
from services.engine import operating
from services.engine.claims import Claims
from services.engine.operating import RunHasEnded, RunNotSuspended
from services.engine.recovery import sweep
from tests.world import World, deploy, make_tenant, progress, start_runs, write


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


async def cancel(database: Database, world: World, run: UUID) -> None:
    async with database.tenant(world.tenant_id) as connection:
        await operating.cancel(connection, world.tenant_id, run, "key:key_1")


async def resume(database: Database, world: World, run: UUID) -> None:
    async with database.tenant(world.tenant_id) as connection:
        await operating.resume(connection, world.tenant_id, run, "key:key_1")


async def test_F_39_a_cancelled_run_is_taken_from_its_worker(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await cancel(app_database, world, run)
    assert await write(worker_database, progress(claim, "completed")) == ["lost"]
    async with app_database.tenant(world.tenant_id) as connection:
        row = await connection.fetchrow("SELECT state, lease_until, seq FROM app.run")
        assert tuple(row) == ("cancelled", None, 1)
        assert await connection.fetchval("SELECT kind FROM app.journal") == "workflow.cancelled"
        assert await connection.fetchval("SELECT actor FROM app.audit WHERE action = 'run.cancelled'") == "key:key_1"
    with pytest.raises(RunHasEnded):
        await cancel(app_database, world, run)


async def test_F_19_a_quarantined_run_is_resumed_once_and_alone(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    with pytest.raises(RunNotSuspended):
        await resume(app_database, world, run)
    dying = Claims(worker_database, "dying", 0)
    await dying.take(1)
    await sweep(worker_database, 1, 0)
    await dying.take(1, solo=True)
    assert (await sweep(worker_database, 1, 0)).quarantined == 1
    await resume(app_database, world, run)
    with pytest.raises(RunNotSuspended):
        await resume(app_database, world, run)
    claims = Claims(worker_database, "w", 30)
    assert await claims.take(1) == []
    (claim,) = await claims.take(1, solo=True)
    assert claim.run_id == run
    assert await write(worker_database, progress(claim, "completed")) == ["committed"]


async def test_what_people_do_is_told_by_the_event_of_its_line(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    dying = Claims(worker_database, "dying", 0)
    await dying.take(1)
    await sweep(worker_database, 1, 0)
    await dying.take(1, solo=True)
    await sweep(worker_database, 1, 0)
    await resume(app_database, world, run)
    await cancel(app_database, world, run)
    async with app_database.tenant(world.tenant_id) as connection:
        lines = await connection.fetch("SELECT seq, at, kind FROM app.journal ORDER BY seq")
        name = await connection.fetchval("SELECT name FROM app.workflow_version")
    async with worker_database.doors() as connection:
        rows = await connection.fetch("SELECT topic, body FROM app.take_outbox(10, 0) ORDER BY outbox_id")
    assert [line["kind"] for line in lines] == ["run.quarantined", "run.resumed", "workflow.cancelled"]
    public = ids.show("run", run)
    for line, row, verb in zip(lines[1:], rows, ("resumed", "cancelled"), strict=True):
        event = msgspec.json.decode(row["body"])
        assert row["topic"] == "runs"
        assert (event["id"], event["subject"]) == (f"{public}-{line['seq']}", public)
        assert event["type"] == f"io.serverlessworkflow.workflow.{verb}.v1"
        assert event["time"] == line["at"].isoformat().replace("+00:00", "Z")
        assert event["data"] == {"name": f"{name}-{public}.tests", f"{verb}At": event["time"]}


async def test_S_01_another_tenants_run_is_none(app_database: Database, world: World) -> None:
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    other = await make_tenant(app_database, "other")
    for action in (cancel, resume):
        with pytest.raises(NotFound):
            await action(app_database, other, run)
        with pytest.raises(NotFound):
            await action(app_database, world, ids.new())
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT state FROM app.run") == "pending"
