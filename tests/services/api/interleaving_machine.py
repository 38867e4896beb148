"""The state machine of S-19: what hypothesis lets three partners of three clients do, in any order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from infra.database import Database, Scope
from infra.settings import Settings
from services.api.app import create_app
from tenants.identity import service as identity
from tests.asgi import Caller, running
from tests.services.api.interleaving import ACTS, CLIENTS, NAMES, PARTNERS, Op, World, compare, do_together, make_world

CONNECTIONS = 8
OPS = st.builds(
    Op,
    act=st.sampled_from(ACTS),
    who=st.integers(0, PARTNERS * CLIENTS - 1),
    whom=st.integers(0, PARTNERS * CLIENTS - 1),
    name=st.sampled_from(NAMES),
)


class Interleaving(RuleBasedStateMachine):
    """One world for all examples: what the model knows is what was committed, however it came about."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    world: ClassVar[World]

    @rule(ops=st.lists(OPS, min_size=CONNECTIONS, max_size=CONNECTIONS))
    def act(self, ops: list[Op]) -> None:
        self.loop.run_until_complete(do_together(self.world, ops))
        self.loop.run_until_complete(compare(self.world))


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[World]:
    app = create_app(given)
    async with running(app):
        database = await Database(given.database_url, pool_size=CONNECTIONS).open()
        async with database.session(Scope.operator()) as session:
            _, key = await identity.create_operator(session, "first", actor="test")
            await session.commit()
        try:
            yield await make_world(Caller(app, key), database)
        finally:
            await database.close()


def interleave(given: Settings, examples: int, steps: int) -> int:
    """Runs the machine; answers how many operations there were."""
    loop = asyncio.new_event_loop()
    world: Any = opened(given)
    try:
        Interleaving.loop, Interleaving.world = loop, loop.run_until_complete(world.__aenter__())
        run_state_machine_as_test(
            Interleaving,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return Interleaving.world.done
    finally:
        loop.run_until_complete(world.__aexit__(None, None, None))
        loop.close()
