"""Waits that outlast workers: a year in a row of the database, and the clocks of runs that stood in line for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine import state
from services.engine.claims import Claims
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.opening import begin
from services.engine.recovery import sweep
from services.engine.waits import Effect, Sleeping
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: patient, version: 1.0.0}\n"
YEAR = timedelta(days=365)


@asynccontextmanager
async def worker(app: Database, database: Database) -> AsyncIterator[Engine]:
    """One that has begun and, at the end, is gone."""
    async with ExpressionPool(size=1) as pool:
        engine = Engine(app, database, pool)
        tasks = [asyncio.create_task(engine.journal.run()), asyncio.create_task(engine.loop.run())]
        yield engine
        await engine.loop.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_of(engine: Engine, tenant: World, state: str) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with engine.app.tenant(tenant.tenant_id) as connection:
                row = await connection.fetchrow("SELECT * FROM app.run WHERE state = $1", state)
            if row is not None:
                return row
            await asyncio.sleep(0.01)


async def test_a_wait_of_a_year_is_a_row_that_another_worker_ends(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    tenant = await make_tenant(app_database)
    document = HEAD + "do: [{rest: {wait: P365D}}, {tell: {set: {rested: '${ .[0].data.value }'}}}]\n"
    await deploy(app_database, tenant.tenant_id, document, event_type="order")
    async with worker(app_database, worker_database) as engine:
        await engine.intake.receive(tenant.tenant_id, order(1, 7), "key")
        waiting = await run_of(engine, tenant, "waiting")
    assert (waiting["lane"], waiting["lease_until"]) == (None, None)
    assert YEAR - timedelta(minutes=1) < waiting["due_at"] - waiting["created_at"] < YEAR + timedelta(minutes=1)
    (strand,) = state.decode(waiting["snapshot"]).strands
    assert isinstance(strand.wait, Sleeping)
    # The row is due at that moment or, for the time that its commit took, a little later: never before it.
    assert 0 <= int(waiting["due_at"].timestamp() * 1000) - strand.wait.until < 60_000
    # The year goes by: the row and the snapshot in it are as they would be then, seen from now.
    before, after = strand.wait.until, strand.wait.until - int(YEAR.total_seconds() * 1000)
    moved = f"convert_to(replace(convert_from(snapshot, 'UTF8'), '{before}', '{after}'), 'UTF8')"
    stack.postgres.run_sql(
        [f"UPDATE app.run SET due_at = due_at - interval '365 days', snapshot = {moved}"],  # noqa: S608 (numbers)
        endpoints.database_url.rpartition("/")[2],
    )
    async with worker(app_database, worker_database) as engine:
        (run,) = await engine.ended(tenant)
    assert (run["state"], run["output"]) == ("completed", '{"rested":7}')


async def test_a_run_that_stood_in_line_for_an_hour_has_all_of_its_waits_and_timeouts_before_it(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    tenant = await make_tenant(app_database)
    rest = "{rest: {wait: {milliseconds: 200}, timeout: {after: {seconds: 60}}}}"
    await deploy(app_database, tenant.tenant_id, f"{HEAD}do: [{rest}]\n", event_type="order")
    async with ExpressionPool(size=1) as pool:
        await Engine(app_database, worker_database, pool).intake.receive(tenant.tenant_id, order(1), "key")
    stack.postgres.run_sql(
        ["UPDATE app.run SET created_at = created_at - interval '1 hour'"], endpoints.database_url.rpartition("/")[2]
    )
    async with worker(app_database, worker_database) as engine:
        (run,) = await engine.ended(tenant)
        async with engine.app.tenant(tenant.tenant_id) as connection:
            lines = await connection.fetch("SELECT kind, at FROM app.journal ORDER BY seq")
    assert run["state"] == "completed"
    at = {line["kind"]: line["at"] for line in lines}
    assert at["task.completed"] - at["task.started"] >= timedelta(milliseconds=199)


async def test_F_01_a_run_that_begins_again_after_a_crash_asks_for_the_same_as_before(
    app_database: Database, worker_database: Database
) -> None:
    """Its first call has no commit before it, and the same key: what the clock says must be the same too (ADR 0009)."""
    tenant = await make_tenant(app_database)
    body = "{at: '${ $runtime.now }', since: '${ $task.startedAt }'}"
    call = f"{{call: http, with: {{method: post, endpoint: 'https://erp.example', body: {body}}}}}"
    await deploy(app_database, tenant.tenant_id, f"{HEAD}do: [{{tell: {call}}}]\n", event_type="order")
    async with ExpressionPool(size=1) as pool:
        await Engine(app_database, worker_database, pool).intake.receive(tenant.tenant_id, order(1), "key")
        (dead,) = await Claims(worker_database, "dead", 0).take(1)
        await sweep(worker_database, 3, 0)
        (alive,) = await Claims(worker_database, "alive", 30).take(1, solo=True)
        definition = await Definitions(worker_database, Expressions(pool)).get(*alive.pinned)
        first, second = [await begin(claim, definition, None) for claim in (dead, alive)]
    assert alive.claimed_at > dead.claimed_at
    assert isinstance(first.outcome, Effect)
    assert first.outcome.arguments["body"]["at"]["epoch"]["milliseconds"] == int(dead.started_at.timestamp() * 1000)
    assert second.outcome == first.outcome
