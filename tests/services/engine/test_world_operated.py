"""What people do to runs breaks no invariant, at no moment of it (F-39)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from services.engine import operating, repeating
from services.engine.claims import Claims
from services.engine.journal import Entry
from services.engine.world import check_world
from tests.world import deploy, make_tenant, progress, start_runs, write

ACTOR = "key:key_1"


async def test_a_run_that_is_suspended_resumed_and_retried_is_whole_throughout(
    app_database: Database, worker_database: Database
) -> None:
    async def holds() -> None:
        found = await check_world(worker_database, datetime.now(UTC) - timedelta(hours=1), 30.0)
        assert found == []

    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    tenant, claims = world.tenant_id, Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    for action in (operating.suspend, operating.resume, operating.suspend):
        async with app_database.tenant(tenant) as connection:
            await action(connection, tenant, run, ACTOR)
        await holds()
    assert await write(worker_database, progress(claim)) == ["suspended"]
    await holds()
    async with app_database.tenant(tenant) as connection:
        await operating.resume(connection, tenant, run, ACTOR)
    await holds()
    (claim,) = await claims.take(1)
    made = replace(
        progress(claim, "faulted"),
        entries=[Entry("workflow.faulted", "", "", "{}", claim.claimed_at)],
        usage=[],
        error="{}",
        audit=[],
    )
    audited = replace(
        made, audit=[replace(progress(claim).audit[0], action="run.faulted", target=ids.show("run", run))]
    )
    assert await write(worker_database, audited) == ["committed"]
    await holds()
    async with app_database.tenant(tenant) as connection:
        await repeating.retry(connection, tenant, run, ACTOR)
    await holds()
    (claim,) = await claims.take(1)
    await holds()
    async with app_database.tenant(tenant) as connection:
        await operating.cancel(connection, tenant, run, ACTOR)
    await holds()
