"""Values over 32 KiB are stored once a run and referred to (ADR 0034; F-26)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.pagination import Page
from services.engine import moves, payload_rows, payloads, reading, repeating, standing, state, values
from services.engine.faults import standard
from services.engine.functions import Done, Failed
from services.engine.migrating import Plan, open_plan
from services.engine.payloads import LARGE, Large, PayloadUnreadable
from services.engine.state import RunDescriptor, Snapshot
from services.engine.state import Scope as RunScope
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

CALL = "{call: 'connector:1.0.0@default', with: {connection: erp, operation: %s, input: {value: 1}}}"
DOCUMENT = f"""
document: {{dsl: '1.0.3', namespace: tests, name: large, version: 1.0.0}}
do:
  - fetch: {CALL % "fetch"}
  - keep: {{set: {{rows: '${{ .rows }}', more: 1}}}}
  - stay: {{wait: {{milliseconds: 1}}, output: {{as: '${{ . }}'}}}}
  - tell:
      call: connector:1.0.0@default
      with: {{connection: erp, operation: tell, input: {{value: '${{ .rows | length }}'}}}}
      output: {{as: '${{ $input }}'}}
"""
LINES = [{"item": f"A-{n:05}", "text": "é" * 8} for n in range(2_000)]
ASIDE = ("DROP TABLE IF EXISTS public.aside", "CREATE TABLE public.aside AS SELECT * FROM app.payload")
FORGED = '\n\t\r"' + "a" * 64 + '"'

_texts = st.text(max_size=30) | st.sampled_from([FORGED, "x" * (LARGE + 1), "y" * LARGE, FORGED * 600])
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(Decimal("0.10000000000000000000001")) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=_json, second=_json)
def test_what_is_put_back_is_what_there_was_whatever_it_holds(value: Any, second: Any) -> None:
    large = Large()
    snapshot = Snapshot(
        run=RunDescriptor(id="r", tenant="t"), scopes={0: RunScope(input=value, context=[second, value])}
    )
    stored = large.encode(snapshot)
    line = large.text({"output": second}).encode()
    bodies = {one.digest: one.text for one in large.take()}
    assert payloads.fill(stored, bodies) == state.encode(snapshot)
    assert payloads.fill(line, bodies) == values.encode({"output": second})
    # It is known by now: a second time nothing is to be stored, and the text is the same.
    assert (large.encode(snapshot), large.take()) == (stored, [])
    if payloads.has_holes(stored):
        with pytest.raises(msgspec.DecodeError):
            state.decode(stored)


def test_a_value_keeps_its_hash_whatever_a_step_lays_around_it() -> None:
    large = Large()
    large.text({"data": {"lines": LINES, "number": 1}})
    assert len(large.take()) == 1
    large.text([{"of": "shop", "event": {"lines": list(LINES)}}])
    assert large.take() == []


def test_a_value_that_changes_with_each_step_stays_in_place_beyond_the_budget() -> None:
    large = Large(stored=payloads.BUDGET)
    text = large.text(LINES)
    assert (large.take(), text) == ([], values.encode(LINES).decode())


async def _run(engine: Engine, world: World, **answers: Any) -> Any:
    engine.outside.answers = {name: [Done(output=output)] for name, output in answers.items()}
    await engine.intake.receive(world.tenant_id, order(1), "key")
    async with asyncio.timeout(PATIENCE):
        return (await engine.ended(world))[0]


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": UUID(int=7)})
    return world


async def test_a_large_value_is_stored_once_and_read_whole(
    engine: Engine, world: World, app_database: Database
) -> None:
    row = await _run(engine, world, fetch={"rows": LINES}, tell={"value": 1})
    assert row["state"] == "completed"
    assert engine.outside.calls[-1].arguments["input"]["value"] == len(LINES)
    async with app_database.tenant(world.tenant_id) as connection:
        stored = await connection.fetch("SELECT size FROM app.payload")
        lines = await connection.fetchval("SELECT max(length(data::text)) FROM app.journal")
    assert (len(stored), lines < LARGE, len(row["output"]) < LARGE) == (1, True, True)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        read = await reading.read_run(session, world.tenant_id, row["run_id"])
        journal = await reading.read_journal(session, world.tenant_id, row["run_id"], Page(50, None))
    assert msgspec.json.decode(read["output"]) == {"rows": LINES, "more": 1}
    told = [msgspec.json.decode(line["data"]) for line in journal if line["kind"] == "task.completed"]
    assert told[0] == {"output": {"rows": LINES}}
    async with engine.worker.doors() as connection:
        (message,) = await connection.fetch("SELECT body FROM app.take_outbox(10, 30, '{runs}')")
    assert msgspec.json.decode(message["body"])["data"]["output"] == {"rows": LINES, "more": 1}


async def test_a_large_input_is_read_whole(engine: Engine, world: World, app_database: Database) -> None:
    engine.outside.answers = {"fetch": [Done(output={"rows": []})], "tell": [Done(output={})]}
    await engine.intake.receive(world.tenant_id, order(1, value=[FORGED, *LINES]), "key")
    async with asyncio.timeout(PATIENCE):
        row = (await engine.ended(world))[0]
    assert (row["state"], len(row["input"]) < LARGE) == ("completed", True)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        read = await reading.read_run(session, world.tenant_id, row["run_id"])
    assert msgspec.json.decode(read["input"])[0]["data"]["value"] == [FORGED, *LINES]


@pytest.mark.parametrize("harm", ["DELETE FROM app.payload", "UPDATE app.payload SET body = substr(body, 1, 40)"])
async def test_F_26_a_value_that_is_missing_or_damaged_faults_its_run_and_is_never_another(
    harm: str, engine: Engine, world: World, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    name = endpoints.database_url.rpartition("/")[2]
    engine.outside.answers = {"fetch": [Done(output={"rows": LINES})], "tell": [FAILED]}
    await engine.intake.receive(world.tenant_id, order(1), "key")
    async with asyncio.timeout(PATIENCE):
        row = (await engine.ended(world))[0]
    assert (row["state"], payloads.has_holes(row["snapshot"])) == ("faulted", True)
    stack.postgres.run_sql([*ASIDE, harm], name)
    with pytest.raises(PayloadUnreadable, match=r"missing|damaged"):
        await _retry(engine, world, row["run_id"])
    stack.postgres.run_sql(["DELETE FROM app.payload", "INSERT INTO app.payload SELECT * FROM public.aside"], name)
    # It stands in line when the value is lost, and its worker finds nothing of it.
    await engine.loop.stop(5)
    await _retry(engine, world, row["run_id"])
    async with app_database.tenant(world.tenant_id) as connection:
        # What a person had tried again is whole; where it stood behind a commit of the engine, it is not.
        assert not payloads.has_holes(await connection.fetchval("SELECT snapshot FROM app.run"))


FAILED = Failed(error=standard("communication", "away", ""))


async def _retry(engine: Engine, world: World, run: UUID) -> None:
    async with engine.app.tenant(world.tenant_id) as connection:
        await repeating.retry(connection, world.tenant_id, run, "key:key_1")
    engine.loop.wake()


async def test_F_26_a_waiting_run_whose_value_is_lost_faults_with_its_cause_and_is_tried_again_when_it_is_back(
    engine: Engine, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    name = endpoints.database_url.rpartition("/")[2]
    world = await make_tenant(app_database)
    document = DOCUMENT.replace("wait: {milliseconds: 1}, output: {as: '${ . }'}", LISTEN)
    await deploy(app_database, world.tenant_id, document, event_type="order", bindings={"erp": UUID(int=7)})
    engine.outside.answers = {"fetch": [Done(output={"rows": LINES})], "tell": [Done(output={})]}
    await engine.intake.receive(world.tenant_id, order(1), "key")
    await _until(app_database, world, LISTENS)
    async with app_database.tenant(world.tenant_id) as connection:
        run = await connection.fetchval("SELECT run_id FROM app.run")
        assert [one.kind for one in (await standing.read(connection, world.tenant_id, run)).waits] == ["event"]
    stack.postgres.run_sql([*ASIDE, "DELETE FROM app.payload"], name)
    await engine.intake.receive(world.tenant_id, order(2, kind="paid"), "key")
    async with asyncio.timeout(PATIENCE):
        row = (await engine.ended(world))[0]
    error = msgspec.json.decode(row["error"])
    assert (row["state"], error["title"]) == ("faulted", PayloadUnreadable.title)
    assert "is missing" in error["detail"]
    stack.postgres.run_sql(["INSERT INTO app.payload SELECT * FROM public.aside"], name)
    await _retry(engine, world, run)
    await _until(app_database, world, LISTENS)  # what it hears, it hears from then on
    await engine.intake.receive(world.tenant_id, order(3, kind="paid"), "key")
    await _until(app_database, world, "SELECT 1 FROM app.run WHERE state = 'completed'")
    assert engine.outside.calls[-1].arguments["input"]["value"] == len(LINES)


LISTEN = "listen: {to: {one: {with: {type: paid}}}}, output: {as: '${ $input }'}"


LISTENS = "SELECT 1 FROM app.run WHERE state = 'waiting' AND lane IS NULL"


async def _until(database: Database, world: World, query: str) -> None:
    async with asyncio.timeout(30):
        while not await _fetch(database, world, query):
            await asyncio.sleep(0.02)


async def _fetch(database: Database, world: World, query: str) -> list[Any]:
    async with database.tenant(world.tenant_id) as connection:
        return list(await connection.fetch(query))


async def test_a_waiting_run_is_moved_with_its_large_values(engine: Engine, app_database: Database) -> None:
    world = await make_tenant(app_database)
    document = DOCUMENT.replace("wait: {milliseconds: 1}, output: {as: '${ . }'}", LISTEN)
    deployment = await deploy(
        app_database, world.tenant_id, document, event_type="order", bindings={"erp": UUID(int=7)}
    )
    engine.outside.answers = {"fetch": [Done(output={"rows": LINES})], "tell": [Done(output={})]}
    await engine.intake.receive(world.tenant_id, order(1), "key")
    await _until(app_database, world, LISTENS)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.deployment_revision (tenant_id, deployment_id, revision, workflow_version_id, parameters, "
            "bindings) SELECT tenant_id, deployment_id, 2, workflow_version_id, parameters, bindings "
            "FROM app.deployment_revision"
        )
        plan = Plan(deployment=deployment, former=1, next=2)
        seen = await moves.preview(connection, world.tenant_id, await open_plan(connection, world.tenant_id, plan))
    runs = [(one.run_id, one.seq) for one in seen.runs]
    assert [one.outcome for one in await moves.execute(app_database, world.tenant_id, plan, runs, "key")] == [
        "migrated"
    ]
    await engine.intake.receive(world.tenant_id, order(2, kind="paid"), "key")
    await _until(app_database, world, "SELECT 1 FROM app.run WHERE state = 'completed' AND revision = 2")
    assert engine.outside.calls[-1].arguments["input"]["value"] == len(LINES)


async def test_S_14_a_foreign_value_is_never_read_by_its_hash(
    app_database: Database, worker_database: Database
) -> None:
    """Neither another tenant's nor another run's; the door writes none for a run that nobody holds."""
    mine, other = await make_tenant(app_database, "mine"), await make_tenant(app_database, "other")
    run, large = ids.new(), Large()
    text = large.text(LINES).encode()
    kept = large.take()
    async with app_database.tenant(other.tenant_id) as connection:
        await payload_rows.insert(connection, other.tenant_id, run, kept)
        assert await payload_rows.whole(connection, other.tenant_id, run, text) == values.encode(LINES)
        with pytest.raises(PayloadUnreadable):
            await payload_rows.whole(connection, other.tenant_id, ids.new(), text)
    for database in (app_database, worker_database):
        async with database.tenant(mine.tenant_id) as connection:
            for tenant in (mine.tenant_id, other.tenant_id):
                with pytest.raises(PayloadUnreadable):
                    await payload_rows.whole(connection, tenant, run, text)
    rows = await payload_rows.packed(mine.tenant_id, run, 0, kept)
    async with worker_database.doors() as connection:
        await connection.execute(payload_rows.KEEP, *[[value] for value in rows[0]])
    assert await _fetch(app_database, mine, "SELECT 1 FROM app.payload") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app_database.tenant(mine.tenant_id) as connection:
            await payload_rows.insert(connection, other.tenant_id, run, kept)
