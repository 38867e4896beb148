"""Row 94: a person who is signed in decides about a task of a run; nobody else does, and nobody for another client."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, at_work, order
from tests.services.portal.visitors import BUYER, House
from tests.world import deploy

ASK = "/do/0/ask"
DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}
do:
  - ask: {listen: {to: {one: {with: {type: approval.decided}}}}}
"""


async def asking(engine: Engine, tenant: TenantId) -> UUID:
    """A run that waits for a decision."""
    await deploy(engine.app, tenant, DOCUMENT, event_type="order")
    run = (await engine.intake.receive(tenant, order(1), "key")).runs[0]
    async with asyncio.timeout(PATIENCE):
        while True:
            async with engine.app.tenant(tenant) as connection:
                if await connection.fetchval("SELECT true FROM app.subscription WHERE run_id = $1", run):
                    return run
            await asyncio.sleep(0.02)


async def test_row_94_a_person_decides_once_and_the_run_is_told(
    house: House, app_database: Database, worker_database: Database
) -> None:
    tenant = TenantId(house.ids["acme"])
    async with at_work(app_database, worker_database) as engine:
        run = await asking(engine, tenant)
        path = f"/v1/runs/{ids.show('run', run)}/approvals"
        clerk, stranger = await house.north.signed_in(), await house.south.signed_in(BUYER)
        body = {"task": ASK, "decision": "approved", "note": "as agreed"}
        assert (await stranger.send("POST", path, body)).status == 404
        assert (await stranger.get(path)).status == 404
        elsewhere = await clerk.send("POST", path, {**body, "task": "/do/1/other"})
        assert (elsewhere.status, elsewhere.problem) == (409, "approval-not-awaited")
        made = await clerk.send("POST", path, body)
        assert made.status == 200, made.body
        (decided,) = made.json["items"]
        who = ids.show("acc", house.ids["clerk@acme.example at north"])
        assert (decided["task"], decided["decision"], decided["by"]) == (ASK, "approved", f"account:{who}")
        engine.loop.wake()
        (ended,) = [one for one in await _ended(engine, tenant) if one["run_id"] == run]
        assert ended["state"] == "completed"
        assert f'"by":"account:{who}"' in ended["output"].replace(" ", "")
        late = await clerk.send("POST", path, {**body, "decision": "refused"})
        assert late.problem == "approval-not-awaited"
        assert (await clerk.get(path)).json == made.json


async def _ended(engine: Engine, tenant: TenantId) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with engine.app.tenant(tenant) as connection:
                rows = await connection.fetch(
                    "SELECT run_id, state, output::text FROM app.run WHERE ended_at IS NOT NULL"
                )
            if rows:
                return [dict(row) for row in rows]
            await asyncio.sleep(0.02)
