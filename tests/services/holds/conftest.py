from __future__ import annotations

import pytest

from infra.database import Database
from tests.world import World, make_tenant


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)
