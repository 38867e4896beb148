from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from tests.resolvers import resolving
from tests.tenants.organizations.claiming import House, Side


@pytest.fixture
async def house(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> AsyncIterator[House]:
    async with resolving() as resolvers:
        name = urlsplit(endpoints.database_url).path[1:]
        yield House(app_database, worker_database, stack, name, resolvers)


@pytest.fixture
async def north(house: House) -> Side:
    return await house.side("north")


@pytest.fixture
async def south(house: House) -> Side:
    return await house.side("south")
