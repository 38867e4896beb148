"""`check_world` (I1, I2, I4, I5, I6, I10): each is broken by hand, and named with its run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine.claims import Claims
from services.engine.world import Finding, check_world
from tests.superuser import connected
from tests.world import World, deploy, make_tenant, progress, start_runs, write

ORDER = "order.captured"


async def findings(database: Database) -> list[Finding]:
    return await check_world(database, datetime.now(UTC) - timedelta(hours=1), 30.0)


@pytest.fixture
async def world(app_database: Database) -> World:
    """One run is in line, one is under way, one has ended."""
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type=ORDER)
    await start_runs(app_database, world.tenant_id, 3)
    return world


@pytest.mark.usefixtures("world")
async def test_what_is_whole_is_told_as_whole_at_any_moment(app_database: Database, worker_database: Database) -> None:
    assert await findings(worker_database) == []
    claims = await Claims(worker_database, "w", 30).take(2)
    assert await findings(worker_database) == []
    await write(worker_database, progress(claims[0]))
    await start_runs(app_database, (await make_tenant(app_database, "empty")).tenant_id, 0)
    assert await findings(worker_database) == []


BREAKAGES = {
    "I1 nobody has taken it back since its worker died": (
        "UPDATE app.run SET lease_until = clock_timestamp() - interval '1 hour' WHERE run_id = $1"
    ),
    "I1 it has not ended, and no worker has it or will take it": (
        "UPDATE app.run SET lease_until = NULL, lane = NULL WHERE run_id = $1"
    ),
    "I1 it waits and does not say for what": (
        "UPDATE app.run SET state = 'waiting', lease_until = NULL, waiting_for = NULL, "
        "due_at = clock_timestamp() + interval '1 hour' WHERE run_id = $1"
    ),
    "I1 it waits, and neither a clock nor an event will move it": (
        "UPDATE app.run SET state = 'waiting', lease_until = NULL, waiting_for = '{}' WHERE run_id = $1"
    ),
    "I1 an event lies there for it, and nobody has moved it": (
        "UPDATE app.run SET state = 'waiting', lease_until = NULL, waiting_for = '{}', "
        "due_at = clock_timestamp() + interval '1 hour' WHERE run_id = $1; "
        "INSERT INTO app.inbox (tenant_id, run_id, event_id, posted_at) SELECT tenant_id, run_id, run_id, "
        "clock_timestamp() - interval '1 hour' FROM app.run WHERE run_id = $1"
    ),
    "I2 its row counts 1 lines of journal, and there are 0": (
        "DELETE FROM app.journal WHERE run_id = $1; DELETE FROM app.usage WHERE run_id = $1 AND kind = 'task'"
    ),
    "I2 its journal runs backwards, or past its end": (
        "UPDATE app.journal SET at = at + interval '1 hour' WHERE run_id = $1"
    ),
    "I2 it is completed, and its journal says nothing": (
        "UPDATE app.run SET state = 'completed', lease_until = NULL, ended_at = clock_timestamp() WHERE run_id = $1; "
        "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target) "
        "SELECT tenant_id, 'ffffffff-ffff-4fff-bfff-ffffffffffff', 'engine', 'run.completed', "
        "app.show_id('run', run_id) FROM app.run WHERE run_id = $1"
    ),
    "I4 2 tasks were metered, and 1 are done": (
        "UPDATE app.usage SET quantity = 2 WHERE run_id = $1 AND kind = 'task'"
    ),
    "I4 it was metered as 0 runs": "DELETE FROM app.usage WHERE run_id = $1 AND kind = 'run'",
    "I5 its start is not in the audit": "DELETE FROM app.audit WHERE target = app.show_id('run', $1)",
}


@pytest.mark.parametrize("named", BREAKAGES)
async def test_what_is_broken_is_named(
    stack: Stack, endpoints: Endpoints, worker_database: Database, world: World, named: str
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await write(worker_database, progress(claim))
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        for statement in BREAKAGES[named].split("; "):
            await connection.execute(statement.replace("$1", f"'{claim.run_id}'"))
    found = await findings(worker_database)
    assert [f"{one.invariant} {one.words}" for one in found] == [named]
    assert (found[0].tenant, found[0].run) == (world.tenant_id, claim.run_id)


@pytest.mark.usefixtures("world")
async def test_a_row_of_another_tenant_than_its_run_is_named(
    stack: Stack, endpoints: Endpoints, app_database: Database, worker_database: Database
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    other = await make_tenant(app_database, "other")
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(
            "INSERT INTO app.usage (tenant_id, run_id, seq, kind, quantity) VALUES ($1, $2, 0, 'call', 1)",
            other.tenant_id,
            claim.run_id,
        )
    (found,) = await findings(worker_database)
    assert (found.invariant, found.tenant, found.run) == ("I6", other.tenant_id, claim.run_id)
    assert found.words == "a row of usage is not of a run of its tenant"


async def test_a_message_that_nobody_told_is_named(
    stack: Stack, endpoints: Endpoints, worker_database: Database, world: World
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await write(worker_database, progress(claim))
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("UPDATE app.outbox SET created_at = created_at - interval '1 hour'")
    (found,) = await findings(worker_database)
    assert (found.invariant, found.tenant, found.run) == ("I10", world.tenant_id, None)


async def test_a_run_whose_time_came_and_went_is_named(
    stack: Stack, endpoints: Endpoints, worker_database: Database, world: World
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await write(worker_database, progress(claim))
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(
            "UPDATE app.run SET state = 'waiting', lease_until = NULL, waiting_for = '{}', "
            "due_at = clock_timestamp() - interval '1 hour' WHERE run_id = $1",
            claim.run_id,
        )
    (found,) = await findings(worker_database)
    assert (found.invariant, found.tenant, found.run) == ("I1", world.tenant_id, claim.run_id)
    assert "its time came at" in found.words
