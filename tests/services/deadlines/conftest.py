from __future__ import annotations

import pytest

from infra.database import Database
from tests.services.deadlines.desk import Desk
from tests.world import make_tenant


@pytest.fixture
async def desk(app_database: Database, worker_database: Database) -> Desk:
    made = Desk(app_database, worker_database, (await make_tenant(app_database)).tenant_id)
    await made.save()
    return made
