from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from infra.database import Database
from tests.services.engine.running import DOCUMENT, Engine, at_work
from tests.world import World, deploy, make_tenant


@pytest.fixture
async def engine(app_database: Database, worker_database: Database) -> AsyncIterator[Engine]:
    async with at_work(app_database, worker_database) as engine:
        yield engine


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": UUID(int=7)})
    return world
