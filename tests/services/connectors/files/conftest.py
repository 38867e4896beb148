from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool


@pytest.fixture(scope="session")
async def evaluator() -> AsyncIterator[Expressions]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)
