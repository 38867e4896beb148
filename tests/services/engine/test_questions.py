"""A person's question ends when the run does not wait for its answer any more (F-19)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from infra import clock
from infra.database import Database
from services.engine import operating
from services.engine.world import check_world
from tests.services.engine.ledger_side import HEAD, WRITE, Side, begin, decide, effect, until
from tests.services.engine.running import Engine
from tests.world import World, event

RACE = f"""{HEAD}do:
  - first:
      fork:
        compete: true
        branches: [{{write: {WRITE}}}, {{other: {{listen: {{to: {{one: {{with: {{type: given.up}}}}}}}}}}}}]
"""


async def test_F_19_what_is_asked_is_no_question_of_a_run_that_is_cancelled(
    engine: Engine, app_database: Database
) -> None:
    world = await begin(engine, app_database, Side("once-or-ask", "lost", sees=False))
    run = await until(engine, world, "uncertain")
    async with engine.app.tenant(world.tenant_id) as connection:
        await connection.fetchval("SELECT app.cancel_run($1, 'key', $2)", run["run_id"], run["run_id"])
    row = await effect(engine, world)
    assert (row["status"], row["asked_at"]) == ("unknown", None)
    await decide(engine, world, run["run_id"], "happened", {"value": 1})
    assert (await effect(engine, world))["status"] == "confirmed"


async def test_F_19_what_is_asked_is_no_question_of_a_run_that_went_past_it(
    engine: Engine, app_database: Database
) -> None:
    world = await begin(engine, app_database, Side("once-or-ask", "lost", sees=False), RACE)
    await until(engine, world, "uncertain")
    await engine.intake.receive(world.tenant_id, event(2, "given.up"), "key")
    await until(engine, world, "completed")
    row = await effect(engine, world)
    assert (row["status"], row["asked_at"], row["settled_at"]) == ("unknown", None, None)
    assert await check_world(engine.worker, clock.now() - timedelta(hours=1), 30) == []


async def test_F_19_what_is_decided_while_the_run_is_suspended_is_no_exception_any_more(
    engine: Engine, app_database: Database
) -> None:
    side = Side("once-or-ask", "lost", sees=False)
    world = await begin(engine, app_database, side)
    run = await until(engine, world, "uncertain")
    async with engine.app.tenant(world.tenant_id) as connection:
        await operating.suspend(connection, world.tenant_id, run["run_id"], "key:k")
    assert await _exception(engine, world) == ("uncertain", "open", None, None)
    await decide(engine, world, run["run_id"], "happened", {"value": 3})
    assert await _exception(engine, world) == ("uncertain", "resolved", "went-on", "acc_1")
    assert (await until(engine, world, "suspended"))["kind"] == "suspension"
    async with engine.app.tenant(world.tenant_id) as connection:
        await operating.resume(connection, world.tenant_id, run["run_id"], "key:k")
    engine.loop.wake()
    assert (await until(engine, world, "completed"))["output"] == '{"value":3}'
    assert await _exception(engine, world) == ("uncertain", "resolved", "went-on", "acc_1")


async def _exception(engine: Engine, world: World) -> tuple[Any, ...]:
    """The one that there is."""
    async with engine.app.tenant(world.tenant_id) as connection:
        (row,) = await connection.fetch("SELECT category, state, outcome, closed_by FROM app.exception")
    return tuple(row)
