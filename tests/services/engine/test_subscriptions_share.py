"""A subscription that waits for messages does not keep a worker's slot from runs that are in line."""

from __future__ import annotations

import asyncio
from uuid import UUID

from infra.database import Database
from services.engine.functions import Call, Done
from services.worker.claim_loop import ClaimLoop
from tests.patience import PATIENCE
from tests.services.engine.running import DOCUMENT, Engine, order
from tests.world import deploy, make_tenant

SUBSCRIBING = """
document: {dsl: '1.0.3', namespace: tests, name: subscribing, version: 1.0.0}
do:
  - listen:
      call: asyncapi
      with:
        document: {endpoint: 'https://docs.example/asyncapi.json'}
        operation: orders
        subscription: {consume: {amount: 1}}
"""


class Quiet:
    """A side without messages until it `speaks`."""

    def __init__(self) -> None:
        self.batches = 0
        self.speaks = False

    async def __call__(self, call: Call) -> Done:
        self.batches += 1
        await asyncio.sleep(0.01)
        if "close" in call.arguments["subscription"]["batch"]:
            return Done(output={"messages": [], "ended": True})
        return Done(output={"messages": [{"payload": 1}] if self.speaks else [], "ended": False})


async def test_a_run_in_line_gets_the_only_slot_between_two_batches(engine: Engine, app_database: Database) -> None:
    """Empty batches are not metered."""
    await engine.loop.stop(5)
    engine.loop = ClaimLoop(engine.claims, engine.advance, slots=1, poll=0.02)
    running = asyncio.create_task(engine.loop.run())
    quiet = Quiet()
    engine.functions["asyncapi"] = quiet
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, SUBSCRIBING, event_type="subscribe")
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": UUID(int=7)})
    await engine.intake.receive(world.tenant_id, order(1, kind="subscribe"), "key")
    async with asyncio.timeout(PATIENCE):
        while quiet.batches < 3:
            await asyncio.sleep(0.01)
        await engine.intake.receive(world.tenant_id, order(2), "key")
        (run,) = await engine.ended(world)
        assert run["state"] == "completed"
        quiet.speaks = True
        listening, _ = await engine.ended(world, 2)
    assert listening["output"] == '[{"payload":1}]'
    async with engine.app.tenant(world.tenant_id) as connection:
        metered = await connection.fetchval(
            "SELECT sum(quantity) FROM app.usage WHERE run_id = $1 AND kind = 'call'", listening["run_id"]
        )
    assert metered == 1
    await engine.loop.stop(5)
    await running
