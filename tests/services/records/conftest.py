from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from infra.database import Database, Scope
from tests.services.records.desk import Desk
from tests.world import make_tenant


@pytest.fixture
async def desk(app_database: Database) -> AsyncIterator[Desk]:
    """A steward's desk in a tenant; what it does is committed at the end."""
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        yield Desk(session, world.tenant_id)
        await session.commit()
