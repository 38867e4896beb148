from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from infra.database import Database
from services.engine.expressions.pool import ExpressionPool
from tests.services.engine.running import DOCUMENT, Engine
from tests.world import World, deploy, make_tenant


@pytest.fixture
async def engine(app_database: Database, worker_database: Database) -> AsyncIterator[Engine]:
    async with ExpressionPool(size=1) as pool:
        engine = Engine(app_database, worker_database, pool)
        running = (engine.journal.run(), engine.loop.run(), engine.correlator.run())
        tasks = [asyncio.create_task(one) for one in running]
        yield engine
        await engine.loop.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": UUID(int=7)})
    return world
