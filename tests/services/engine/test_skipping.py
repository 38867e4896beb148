"""A person skips a task that failed, where its document declares it, and no guard (ADR 0133)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.database import Database
from infra.problems import NotFound, Problem
from services.engine import repeating
from services.engine.faults import standard
from services.engine.functions import NOT_APPROVED, Failed
from services.engine.repeating import NotToBeSkipped, RetryTakesNoInput, RunNotFaulted
from tests.services.engine.running import Engine
from tests.services.engine.test_retrying import CALL, HEAD, away, begun, fetch, journal, operations
from tests.world import World, make_tenant

SKIP = "metadata: {skip: {output: {rate: 1, for: '${ .value }'}}}"
LOOK = f"""
do:
  - first: {CALL % ("first", 1)}
  - look:
      call: 'connector:1.0.0@default'
      with: {{connection: erp, operation: look, input: {{value: 1}}}}
      output: {{as: '${{ .value }}'}}
      export: {{as: '${{ {{seen: .}} }}'}}
      {SKIP}
  - last: {CALL % ("last", "'${ $context.seen.rate }'")}
"""
BEGINNING = f"""
do:
  - shape: {{set: {{value: 2}}}}
  - look:
      call: 'connector:1.0.0@default'
      with: {{connection: erp, operation: look, input: {{value: '${{ .value + [1] }}'}}}}
      {SKIP}
"""
RAISED = f"""
do:
  - shape: {{set: {{value: 2}}}}
  - look:
      call: 'connector:1.0.0@default'
      with: {{connection: erp, operation: look, input: {{value: 1}}}}
      {SKIP}
  - guard: {{raise: {{error: {{type: 'https://own.example/no', status: 400, instance: /do/1/look}}}}}}
"""
WITHIN = f"""
do:
  - shape: {{set: {{value: 2}}}}
  - group:
      do:
        - look:
            call: 'connector:1.0.0@default'
            with: {{connection: erp, operation: look, input: {{value: 1}}}}
            {SKIP}
      output: {{as: '${{ .rate.missing }}'}}
"""


async def skip(engine: Engine, world: World, run: UUID, actor: str = "account:acc_1") -> None:
    async with engine.app.tenant(world.tenant_id) as connection:
        await repeating.skip(connection, world.tenant_id, run, actor, "Not needed today.")
    engine.loop.wake()


async def failed(engine: Engine, app: Database, document: str, error: Failed | None = None) -> tuple[World, Any]:
    engine.outside.answers["look"] = [error or away()]
    world = await begun(engine, app, HEAD + document)
    (run,) = await engine.ended(world)
    assert run["state"] == "faulted"
    return world, run


async def test_the_run_goes_on_with_the_declared_output_and_without_the_call(
    engine: Engine, app_database: Database
) -> None:
    world, run = await failed(engine, app_database, LOOK)
    before = await journal(engine, world)
    await skip(engine, world, run["run_id"])
    (again,) = await engine.ended(world)
    assert (again["run_id"], again["state"], again["error"]) == (run["run_id"], "completed", None)
    assert operations(engine) == ["first", "look", "last"]
    assert engine.outside.calls[-1].arguments["input"] == {"value": 1}, "what it exported"
    assert (await journal(engine, world))[len(before) :] == [
        "run.retried /do/1/look",
        "task.started /do/1/look",
        "task.completed /do/1/look",
        *("task.started /do/2/last", "task.completed /do/2/last", "workflow.completed"),
    ]
    lines = await fetch(engine, world, "SELECT kind, reference, data::text AS data FROM app.journal ORDER BY seq")
    told = [
        msgspec.json.decode(one["data"] or "null") for one in lines[len(before) :] if one["reference"] == "/do/1/look"
    ]
    assert told[0] == {"actor": "account:acc_1", "skipped": True, "reason": "Not needed today."}
    assert (told[2]["output"], told[2]["skipped"]) == ({"rate": 1, "for": 2}, True)
    with pytest.raises(RunNotFaulted):
        await skip(engine, world, run["run_id"])


async def test_what_fails_as_it_begins_is_skipped_too(engine: Engine, app_database: Database) -> None:
    world, run = await failed(engine, app_database, BEGINNING)
    await skip(engine, world, run["run_id"])
    (again,) = await engine.ended(world)
    assert (again["state"], operations(engine)) == ("completed", [])
    assert msgspec.json.decode(again["output"])["rate"] == 1


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (LOOK.replace(SKIP, "metadata: {title: Look}"), None),
        (LOOK, Failed(error=standard("authorization", "refused", ""))),
        (RAISED, Failed(error=standard("communication", "away", ""))),
        (WITHIN, None),
    ],
    ids=["undeclared", "not approved", "raised with its place", "around it"],
)
async def test_nothing_else_is_skipped(
    engine: Engine, app_database: Database, document: str, error: Failed | None
) -> None:
    if error is not None and document == LOOK:
        error = Failed(error=msgspec.structs.replace(error.error, type=NOT_APPROVED))
    world, run = await failed(engine, app_database, document, error)
    if document in {RAISED, WITHIN}:  # the call itself may be; what comes behind it may not
        await skip(engine, world, run["run_id"])
        (run,) = await engine.ended(world)
        assert run["state"] == "faulted"
    with pytest.raises(NotToBeSkipped):
        await skip(engine, world, run["run_id"])
    if document == RAISED:
        with pytest.raises(RetryTakesNoInput):
            async with engine.app.tenant(world.tenant_id) as connection:
                await repeating.retry(connection, world.tenant_id, run["run_id"], "account:acc_1", {"value": 2})


async def test_one_of_two_skips_and_another_client_finds_nothing(engine: Engine, app_database: Database) -> None:
    world, run = await failed(engine, app_database, LOOK)
    other = await make_tenant(app_database, "other")
    with pytest.raises(NotFound):
        await skip(engine, other, run["run_id"])

    async def one(actor: str) -> str:
        try:
            await skip(engine, world, run["run_id"], actor)
        except Problem as problem:
            return problem.name
        return "skipped"

    assert sorted(await asyncio.gather(one("account:acc_1"), one("account:acc_2"))) == ["run-not-faulted", "skipped"]
    (again,) = await engine.ended(world)
    assert again["state"] == "completed"
    assert operations(engine).count("last") == 1
