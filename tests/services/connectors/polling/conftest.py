from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from infra.database import Database
from infra.egress import Client
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.services.connectors.polling.shop import Shop, Watched
from tests.world import make_tenant


@pytest.fixture
async def watched(client: Client, app_database: Database, worker_database: Database) -> AsyncIterator[Watched]:
    async with Shop().running() as shop:
        assert isinstance(shop, Shop)
        found = Watched(client, shop, app_database, worker_database, await make_tenant(app_database))
        await found.begin()
        yield found


@pytest.fixture(scope="session")
async def evaluator() -> AsyncIterator[Expressions]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)
