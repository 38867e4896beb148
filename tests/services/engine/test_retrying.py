"""A faulted run is tried again: the same run goes on from what failed, and does nothing of the rest again."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET

from infra.database import Database
from infra.problems import NotFound
from services.engine import repeating
from services.engine.faults import standard
from services.engine.functions import Failed
from services.engine.repeating import RetryTakesNoInput, RunNotFaulted
from tests.services.engine.running import DOCUMENT, Engine, order
from tests.world import World, deploy, make_tenant

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: retried, version: 1.0.0}\n"
CALL = "{call: 'connector:1.0.0@default', with: {connection: erp, operation: %s, input: {value: %s}}}"
BESIDE = f"""
timeout: {{after: {{hours: 1}}}}
do:
  - before: {CALL % ("before", 1)}
  - both:
      fork:
        branches:
          - good: {{do: [{{one: {CALL % ("one", 2)}}}, {{two: {{listen: {{to: {{one: {{with: {{type: paid}}}}}}}}}}}}]}}
          - bad:
              try: [{{call: {CALL % ("bad", 3)}}}]
              catch: {{retry: {{delay: {{milliseconds: 1}}, limit: {{attempt: {{count: 1}}}}}}}}
"""
PURE = f"""
do:
  - first: {CALL % ("first", 1)}
  - pick: {{set: {{value: '${{ .value.missing }}'}}}}
  - last: {CALL % ("last", "'${ .value }'")}
"""
LEAVING = f"""
do:
  - group:
      do: [{{first: {CALL % ("first", 1)}}}]
      output: {{as: '${{ .value.missing }}'}}
"""
INPUT = f"""
input: {{schema: {{document: {{type: object, properties: {{value: {{type: integer}}}}}}}}}}
do:
  - first: {CALL % ("first", "'${ .value }'")}
"""
LATE = f"""
do:
  - slow:
      do: [{{first: {CALL % ("first", 1)}}}, {{wait: {{wait: {{milliseconds: 1600}}}}}}, {{last: {CALL % ("last", 2)}}}]
      timeout: {{after: {{milliseconds: 1500}}}}
"""


def away() -> Failed:
    return Failed(error=standard("communication", "away", ""))


async def begun(engine: Engine, app: Database, document: str, value: Any = 1) -> World:
    world = await make_tenant(app)
    await deploy(app, world.tenant_id, document, event_type="order", bindings={"erp": UUID(int=7)})
    await engine.intake.receive(world.tenant_id, order(1, value), "key")
    return world


async def retry(engine: Engine, world: World, run: UUID, given: Any = UNSET) -> None:
    async with engine.app.tenant(world.tenant_id) as connection:
        await repeating.retry(connection, world.tenant_id, run, "key:key_1", given)
    engine.loop.wake()


async def fetch(engine: Engine, world: World, query: str) -> list[Any]:
    database = engine.worker if "subscription" in query else engine.app
    async with database.tenant(world.tenant_id) as connection:
        return list(await connection.fetch(query))


async def journal(engine: Engine, world: World) -> list[str]:
    rows = await fetch(engine, world, "SELECT seq, kind, reference FROM app.journal ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    return [f"{row['kind']} {row['reference']}".strip() for row in rows]


def operations(engine: Engine) -> list[str]:
    return [call.arguments["operation"] for call in engine.outside.calls]


async def test_F_19_a_call_that_failed_is_made_again_with_its_key_and_nothing_else_is(
    engine: Engine, app_database: Database
) -> None:
    engine.outside.answers["write"] = [away()]
    world = await begun(engine, app_database, DOCUMENT)
    (run,) = await engine.ended(world)
    assert (run["state"], run["snapshot"] is None) == ("faulted", False)
    before = await journal(engine, world)
    await retry(engine, world, run["run_id"])
    with pytest.raises(RunNotFaulted):
        await retry(engine, world, run["run_id"])
    (again,) = await engine.ended(world)
    assert (again["run_id"], again["state"], again["output"]) == (run["run_id"], "completed", '{"value":5}')
    assert (again["error"], again["snapshot"]) == (None, None)
    assert operations(engine) == ["read", "write", "write"]
    assert len({call.key for call in engine.outside.calls}) == 2
    assert (await journal(engine, world))[len(before) :] == [
        "run.retried /do/2/second",
        "task.started /do/2/second",
        "task.completed /do/2/second",
        "workflow.completed",
    ]
    audit = await fetch(engine, world, "SELECT actor FROM app.audit WHERE action = 'run.retried'")
    assert [row["actor"] for row in audit] == ["key:key_1"]
    usage = await fetch(engine, world, "SELECT kind, sum(quantity)::int AS n FROM app.usage GROUP BY kind")
    assert {row["kind"]: row["n"] for row in usage} == {"run": 1, "call": 3, "task": 3}
    with pytest.raises(RunNotFaulted):
        await retry(engine, world, run["run_id"])


async def test_a_call_is_made_again_with_another_input_and_the_same_key(engine: Engine, app_database: Database) -> None:
    engine.outside.answers["write"] = [away()]
    world = await begun(engine, app_database, DOCUMENT)
    (run,) = await engine.ended(world)
    await retry(engine, world, run["run_id"], {"value": 40})
    (again,) = await engine.ended(world)
    assert again["output"] == '{"value":41}'
    first, second = (call for call in engine.outside.calls if call.arguments["operation"] == "write")
    assert (first.key, first.arguments["input"], second.arguments["input"]) == (second.key, {"value": 4}, {"value": 40})
    (line,) = await fetch(engine, world, "SELECT data::text AS data FROM app.journal WHERE kind = 'run.retried'")
    assert msgspec.json.decode(line["data"]) == {"actor": "key:key_1", "input": {"value": 40}}


async def test_what_stood_beside_the_failure_stands_there_again(engine: Engine, app_database: Database) -> None:
    """Branches, what they listen for, and the attempts of a `try`, which begin anew."""
    engine.outside.answers["bad"] = [away(), away(), away()]
    world = await begun(engine, app_database, HEAD + BESIDE)
    (run,) = await engine.ended(world)
    assert operations(engine).count("bad") == 2
    assert await fetch(engine, world, "SELECT 1 FROM app.subscription") == []
    await retry(engine, world, run["run_id"])
    while not await fetch(
        engine, world, "SELECT 1 FROM app.run WHERE state = 'waiting' AND waiting_for::text ~ 'event'"
    ):
        async with engine.worker.doors() as connection:
            await connection.execute("SELECT app.sweep_runs(100, 3, 0)")
        engine.loop.wake()
        await asyncio.sleep(0.01)
    assert len(await fetch(engine, world, "SELECT 1 FROM app.subscription")) == 1
    await engine.intake.receive(world.tenant_id, order(2, 9, kind="paid"), "key")
    (again,) = await engine.ended(world)
    assert (again["state"], again["output"]) == ("completed", '[[{"value":9}],{"value":4}]')
    assert [operations(engine).count(name) for name in ("before", "one", "bad")] == [1, 1, 4]


async def test_a_task_that_computes_is_entered_again_and_may_be_given_another_input(
    engine: Engine, app_database: Database
) -> None:
    world = await begun(engine, app_database, HEAD + PURE)
    (run,) = await engine.ended(world)
    assert run["state"] == "faulted"
    await retry(engine, world, run["run_id"])
    (run,) = await engine.ended(world)
    assert (run["state"], operations(engine)) == ("faulted", ["first"])
    await retry(engine, world, run["run_id"], {"value": {"missing": 5}})
    (run,) = await engine.ended(world)
    assert (run["state"], run["output"], operations(engine)) == ("completed", '{"value":6}', ["first", "last"])


async def test_what_failed_as_it_ended_is_ended_again_and_takes_no_input(
    engine: Engine, app_database: Database
) -> None:
    world = await begun(engine, app_database, HEAD + LEAVING)
    (run,) = await engine.ended(world)
    with pytest.raises(RetryTakesNoInput):
        await retry(engine, world, run["run_id"], {"value": 1})
    await retry(engine, world, run["run_id"])
    (run,) = await engine.ended(world)
    assert (run["state"], operations(engine)) == ("faulted", ["first"])


async def test_a_run_that_failed_before_its_first_task_begins_with_another_input(
    engine: Engine, app_database: Database
) -> None:
    world = await begun(engine, app_database, HEAD + INPUT, "one")
    (run,) = await engine.ended(world)
    assert (run["state"], run["snapshot"], operations(engine)) == ("faulted", None, [])
    await retry(engine, world, run["run_id"], {"value": 1})
    (run,) = await engine.ended(world)
    assert (run["state"], run["input"], run["output"]) == ("completed", '{"value":1}', '{"value":2}')
    (line,) = await fetch(engine, world, "SELECT data -> 'was' AS was FROM app.journal WHERE kind = 'run.retried'")
    assert "one" in line["was"]


async def test_a_time_limit_begins_anew_and_what_was_under_way_goes_on(engine: Engine, app_database: Database) -> None:
    world = await begun(engine, app_database, HEAD + LATE)
    (run,) = await engine.ended(world)
    assert "timeout" in run["error"]
    await asyncio.sleep(0.2)  # the wait that the limit cut short is over meanwhile
    await retry(engine, world, run["run_id"])
    (run,) = await engine.ended(world)
    assert (run["state"], operations(engine)) == ("completed", ["first", "last"])


async def test_S_01_another_tenants_run_is_none_to_retry(engine: Engine, app_database: Database) -> None:
    engine.outside.answers["read"] = [away()]
    world = await begun(engine, app_database, DOCUMENT)
    (run,) = await engine.ended(world)
    other = await make_tenant(app_database, "other")
    with pytest.raises(NotFound):
        await retry(engine, other, run["run_id"])
    assert (await engine.ended(world))[0]["state"] == "faulted"
