from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from infra.egress import Client
from infra.embedded.stack import Stack
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests import certifying
from tests.counterparts.calling import Caller
from tests.services.connectors.sql.sales import Sales


@pytest.fixture(scope="session")
async def evaluator() -> AsyncIterator[Expressions]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)


@pytest.fixture(scope="session")
async def made(stack: Stack) -> AsyncIterator[Sales]:
    found = Sales(stack)
    await found.made()
    yield found
    await found.unmade()


@pytest.fixture
async def sales(made: Sales) -> Sales:
    """The client's database, without a row."""
    await made.do("TRUNCATE stock, booking")
    certifying.saw("sql", f"PostgreSQL {made.version}")
    return made


@pytest.fixture
def caller(sales: Sales, client: Client, evaluator: Expressions) -> Caller:
    return sales.caller(client, evaluator)
