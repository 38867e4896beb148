"""Texts of documents and events may be of any length and hold any character: none stops a run (S-34, S-72)."""

from __future__ import annotations

from typing import Any

import msgspec

from infra.database import Database
from services.engine import redriving, repeating
from services.engine.redriving import Filter
from tests.services.engine.running import order
from tests.services.engine.test_long_waits import run_of, worker
from tests.world import World, deploy, make_tenant

LONG = "n" * 900
NUL = '${ "a\\u0000b" }'


async def stands(app: Database, database: Database, task: dict[str, Any], state: str) -> tuple[World, Any]:
    """Of a run of one task, once it is `state`: whose it is, and its row."""
    tenant = await make_tenant(app)
    head = {"dsl": "1.0.3", "namespace": "tests", "name": "texts", "version": "1.0.0"}
    document = msgspec.json.encode({"document": head, "do": [task]}).decode()
    await deploy(app, tenant.tenant_id, document, event_type="order")
    async with worker(app, database) as engine:
        await engine.intake.receive(tenant.tenant_id, order(1), "key")
        return tenant, await run_of(engine, tenant, state)


async def test_a_run_whose_tasks_have_long_names_waits(app_database: Database, worker_database: Database) -> None:
    task: dict[str, Any] = {"rest": {"wait": "PT1H"}}
    for _ in range(5):
        task = {LONG: {"do": [task]}}
    _, row = await stands(app_database, worker_database, task, "waiting")
    assert LONG in row["waiting_for"]


async def test_a_run_that_listens_for_what_no_text_is_waits(app_database: Database, worker_database: Database) -> None:
    task = {"hear": {"listen": {"to": {"one": {"with": {"type": NUL}}}}}}
    _, row = await stands(app_database, worker_database, task, "waiting")
    assert "\\u0000" not in row["waiting_for"]
    assert "it waits for an event" in row["waiting_for"]


async def test_a_run_that_failed_with_what_no_text_is_can_be_found_and_retried(
    app_database: Database, worker_database: Database
) -> None:
    error = {"type": "https://example.com/errors/odd", "status": 400, "title": "odd", "detail": NUL}
    tenant, row = await stands(app_database, worker_database, {"fail": {"raise": {"error": error}}}, "faulted")
    async with app_database.tenant(tenant.tenant_id) as connection:
        (found,), count = await redriving.find(connection, tenant.tenant_id, Filter(state="faulted"))
        assert (found.run_id, count) == (row["run_id"], 1)
        await repeating.retry(connection, tenant.tenant_id, row["run_id"], "key:tests")
