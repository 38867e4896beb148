from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from infra.egress import Client
from services.connectors.simulators.http import Answered
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from tests.services.connectors.declared.other import Desk, Handler, Other, declared

Meet = Callable[..., Any]


@pytest.fixture
async def meet(client: Client) -> AsyncIterator[Meet]:
    """To be given a manifest, the answers and settings: the other side, and a desk that calls it."""
    async with AsyncExitStack() as stack:

        async def made(document: Any, /, *answers: Answered | Handler, **settings: Any) -> tuple[Other, Desk]:
            other = await stack.enter_async_context(Other(*answers).running())
            return other, Desk(client, other, declared(document), **settings)

        yield made


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)
