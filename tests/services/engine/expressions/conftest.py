from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[ExpressionPool]:
    async with ExpressionPool(size=2) as running:
        yield running


@pytest.fixture(scope="session")
def expressions(pool: ExpressionPool) -> Expressions:
    return Expressions(pool)
