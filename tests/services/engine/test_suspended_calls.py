"""What happens to the calls and the events of a run that somebody suspends."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from infra.database import Database
from services.engine import decisions, operating
from services.engine.functions import Answer, Call, Done, Terms
from tests.services.engine.running import Engine, Outside, order
from tests.world import World, deploy, make_tenant

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: suspended, version: 1.0.0}\n"
BESIDE = """
do:
  - both:
      fork:
        branches:
          - quick:
              do:
                - one: {call: 'connector:1.0.0@default', with: {connection: erp, operation: one, input: {value: 1}}}
                - two: {call: 'connector:1.0.0@default', with: {connection: erp, operation: two, input: {value: 2}}}
          - slow: {call: 'connector:1.0.0@default', with: {connection: erp, operation: slow, input: {value: 3}}}
"""
LISTENS = """
do:
  - hear: {listen: {to: {one: {with: {type: paid}}}}}
"""


class Gates(Outside):
    """Answers an operation when its gate opens; those of `once` may not be repeated."""

    def __init__(self, *gated: str, once: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.gates = {name: asyncio.Event() for name in gated}
        self.begun = {name: asyncio.Event() for name in gated}
        self.once = once

    async def terms(self, call: Call) -> Terms | None:
        operation = call.arguments["operation"]
        return Terms(mode="once-or-ask", operation=operation) if operation in self.once else None

    async def settle(self, call: Call) -> Answer:
        return decisions.outcome_unknown(call.arguments["operation"])

    async def __call__(self, call: Call) -> Answer:
        operation = call.arguments["operation"]
        if operation in self.gates:
            self.begun[operation].set()
            await self.gates[operation].wait()
        return await super().__call__(call)

    @property
    def made(self) -> list[str]:
        return [call.arguments["operation"] for call in self.calls]


async def operate(engine: Engine, world: World, action: Any, run: UUID) -> None:
    async with engine.app.tenant(world.tenant_id) as connection:
        await action(connection, world.tenant_id, run, "key:key_1")
    engine.loop.wake()


async def until(engine: Engine, world: World, state: str) -> Any:
    while True:
        async with engine.app.tenant(world.tenant_id) as connection:
            row = await connection.fetchrow("SELECT * FROM app.run WHERE state = $1", state)
        if row is not None:
            return row
        await asyncio.sleep(0.01)


async def kinds(engine: Engine, world: World) -> list[str]:
    async with engine.app.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT kind FROM app.journal ORDER BY seq")
    return [row["kind"] for row in rows]


async def begun(engine: Engine, world: World, number: int = 1) -> UUID:
    (run,) = (await engine.intake.receive(world.tenant_id, order(number), "key")).runs
    return run


@pytest.mark.parametrize("once", [frozenset(), frozenset({"write"})], ids=["repeatable", "once"])
async def test_the_call_under_way_comes_to_its_end_and_no_other_is_made(
    engine: Engine, world: World, once: frozenset[str]
) -> None:
    """F-03: also where the next call may not be repeated: the journal says it is sent when it is, and not before."""
    outside = engine.functions["connector:1.0.0@default"] = Gates("read", once=once)
    run = await begun(engine, world)
    await outside.begun["read"].wait()
    await operate(engine, world, operating.suspend, run)
    outside.gates["read"].set()
    await until(engine, world, "suspended")
    assert outside.made == ["read"]
    assert (await kinds(engine, world))[-1] == "run.suspended"
    assert "task.sent" not in await kinds(engine, world)
    await operate(engine, world, operating.resume, run)
    (row,) = await engine.ended(world)
    assert (row["state"], row["output"]) == ("completed", '{"value":5}')
    assert outside.made == ["read", "write"]
    assert (await kinds(engine, world)).count("task.completed") == 3


async def test_branches_begin_nothing_more_and_what_is_under_way_is_kept(
    engine: Engine, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, HEAD + BESIDE, event_type="order", bindings={"erp": UUID(int=7)})
    outside = engine.functions["connector:1.0.0@default"] = Gates("one", "slow", once=frozenset({"slow", "two"}))
    run = await begun(engine, world)
    await outside.begun["slow"].wait()
    await operate(engine, world, operating.suspend, run)
    outside.gates["one"].set()
    while outside.made != ["one"]:
        await asyncio.sleep(0.01)
    row = await until(engine, world, "running")
    assert row["asked"] is not None
    outside.gates["slow"].set()
    await until(engine, world, "suspended")
    assert outside.made == ["one", "slow"]
    await operate(engine, world, operating.resume, run)
    (row,) = await engine.ended(world)
    assert (row["state"], row["output"]) == ("completed", '[{"value":3},{"value":4}]')
    assert outside.made == ["one", "slow", "two"]


async def test_events_that_come_while_a_run_is_suspended_are_heard_when_it_goes_on(
    engine: Engine, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, HEAD + LISTENS, event_type="order")
    run = await begun(engine, world)
    await until(engine, world, "waiting")
    await operate(engine, world, operating.suspend, run)
    row = await until(engine, world, "suspended")
    assert '"was"' in row["waiting_for"]
    await engine.intake.receive(world.tenant_id, order(2, 7, kind="paid"), "key")
    assert (await until(engine, world, "suspended"))["seq"] == row["seq"]
    await operate(engine, world, operating.resume, run)
    (row,) = await engine.ended(world)
    assert (row["state"], row["output"]) == ("completed", '[{"value":7}]')


async def test_what_a_finished_call_gave_is_no_reason_to_wait_for(engine: Engine, world: World) -> None:
    """A wish that comes with the run's last call does not keep it from its end."""
    outside = engine.functions["connector:1.0.0@default"] = Gates("write")
    outside.answers["write"] = [Done(output={"value": 1})]
    run = await begun(engine, world)
    await outside.begun["write"].wait()
    await operate(engine, world, operating.suspend, run)
    outside.gates["write"].set()
    (row,) = await engine.ended(world)
    assert (row["state"], row["asked"]) == ("completed", None)
