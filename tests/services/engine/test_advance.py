"""Runs from event to end: real database, real expressions; the functions are doubles of the outside world."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from infra.database import Database
from infra.egress import Client, Guard
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from services.connectors.builtin import all_connectors
from services.connectors.connections import TenantConnections
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.engine import advance as advance_module
from services.engine import starter, values
from services.engine.advance import Advance
from services.engine.claims import Claims
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.faults import standard
from services.engine.functions import Answer, Call, Done, Failed, Function, Later
from services.engine.journal import Journal
from services.engine.recovery import sweep
from services.events.cloud_event import CloudEvent, read
from services.events.errors import EventIdReused
from services.events.intake import Intake
from services.worker.claim_loop import ClaimLoop
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tests.world import World, deploy, make_tenant

DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: two-calls, version: 1.0.0}
do:
  - first:
      call: connector:1.0.0@default
      with: {connection: erp, operation: read, input: {value: "${ .value }"}}
  - double:
      set: {value: "${ .value * 2 }"}
  - second:
      call: connector:1.0.0@default
      with: {connection: erp, operation: write, input: {value: "${ .value }"}}
"""


class Outside:
    """The outside world: answers by operation, remembers every call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, list[Answer]] = {}

    async def __call__(self, call: Call) -> Answer:
        self.calls.append(call)
        waiting = self.answers.get(call.arguments["operation"])
        return waiting.pop(0) if waiting else Done(output={"value": call.arguments["input"]["value"] + 1})


def order(number: int, value: Any = 1) -> CloudEvent:
    attributes = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": "order", "subject": f"o-{number}"}
    body = msgspec.json.encode({**attributes, "data": {"value": value}})
    return read({"content-type": "application/cloudevents+json"}, body)


class Lacking(Expressions):
    """Has no evaluator for a while, once a call has answered."""

    outside: Outside | None = None
    times = 2

    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        if self.outside is not None and self.outside.calls and self.times:
            self.times -= 1
            raise ExpressionsUnavailable("no process")
        return await super().evaluate(programs, value, variables, lane=lane)


class Engine:
    """One worker's engine in this process."""

    def __init__(self, app: Database, worker: Database, pool: ExpressionPool) -> None:
        self.app, self.worker = app, worker
        self.outside = Outside()
        self.lacking = Lacking(pool)
        self.told = 0
        self.functions: dict[str, Function] = {"connector:1.0.0@default": self.outside}
        self.journal = Journal(worker)
        self.claims = Claims(worker, "test", 30)
        advance = Advance(
            Definitions(worker, self.lacking),
            self.functions,
            self.journal,
            self.claims,
            leave_after_commit=lambda: self.loop.stopping,
            told=self.tell,
        )
        self.loop = ClaimLoop(self.claims, advance, slots=64, poll=0.02)
        self.intake = Intake(app, starter.start, self.loop.wake)

    def tell(self) -> None:
        self.told += 1

    async def ended(self, world: World, count: int = 1) -> list[Any]:
        while True:
            await sweep(self.worker, 3, 0)
            async with self.app.tenant(world.tenant_id) as connection:
                rows = await connection.fetch("SELECT * FROM app.run WHERE ended_at IS NOT NULL ORDER BY run_id")
            if len(rows) >= count:
                return list(rows)
            await asyncio.sleep(0.02)


@pytest.fixture
async def engine(app_database: Database, worker_database: Database) -> AsyncIterator[Engine]:
    async with ExpressionPool(size=1) as pool:
        engine = Engine(app_database, worker_database, pool)
        tasks = [asyncio.create_task(engine.journal.run()), asyncio.create_task(engine.loop.run())]
        yield engine
        await engine.loop.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": UUID(int=7)})
    return world


async def test_an_event_becomes_a_finished_run(engine: Engine, world: World) -> None:
    accepted = await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert accepted.runs == [run["run_id"]]
    assert (run["state"], run["output"], run["business_key"], run["snapshot"]) == (
        "completed",
        '{"value":5}',
        "o-1",
        None,
    )
    assert [c.arguments["operation"] for c in engine.outside.calls] == ["read", "write"]
    assert engine.outside.calls[0].bindings == {"erp": UUID(int=7)}
    assert engine.outside.calls[0].key != engine.outside.calls[1].key


async def test_A19_usage_equals_what_was_journalled(engine: Engine, world: World, app_database: Database) -> None:
    for number in range(20):
        await engine.intake.receive(world.tenant_id, order(number), "key")
    await engine.ended(world, 20)
    async with app_database.tenant(world.tenant_id) as connection:
        usage = dict(await connection.fetch("SELECT kind, sum(quantity)::int FROM app.usage GROUP BY kind"))
        completed = await connection.fetchval("SELECT count(*) FROM app.journal WHERE kind = 'task.completed'")
        gaps = await connection.fetchval(
            "SELECT count(*) FROM app.run r "
            "WHERE r.seq <> (SELECT count(*) FROM app.journal j WHERE j.run_id = r.run_id) "
            "OR r.seq <> (SELECT max(seq) + 1 FROM app.journal j WHERE j.run_id = r.run_id)"
        )
        audit = dict(await connection.fetch("SELECT action, count(*) FROM app.audit GROUP BY action"))
    assert usage == {"run": 20, "call": 40, "task": completed} == {"run": 20, "call": 40, "task": 60}
    assert gaps == 0
    assert audit == {"run.started": 20, "run.completed": 20}


async def test_F_13_the_same_event_a_hundred_times_at_once_is_one_run(engine: Engine, world: World) -> None:
    answers = await asyncio.gather(*(engine.intake.receive(world.tenant_id, order(1), "key") for _ in range(100)))
    assert len({(a.event_id, tuple(a.runs)) for a in answers}) == 1
    assert len(await engine.ended(world)) == 1
    assert len(engine.outside.calls) == 2


async def test_S_44_the_same_id_with_another_body_is_refused_and_recorded(
    engine: Engine, world: World, app_database: Database
) -> None:
    await engine.intake.receive(world.tenant_id, order(1), "key")
    with pytest.raises(EventIdReused):
        await engine.intake.receive(world.tenant_id, order(1, value=2), "key_1")
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.event") == 1
        assert await connection.fetchval("SELECT actor FROM app.audit WHERE action = 'event.id-reused'") == "key_1"


async def test_a_run_waits_for_the_other_side_and_holds_no_worker(engine: Engine, world: World) -> None:
    away = Later(reason="the ERP answers 503", ref="con_x", error=standard("communication", "away", ""), seconds=0.05)
    engine.outside.answers["write"] = [away, away]
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "completed"
    writes = [c for c in engine.outside.calls if c.arguments["operation"] == "write"]
    assert [c.attempt for c in writes] == [1, 2, 3]
    assert len({c.key for c in writes}) == 1


async def test_a_refusal_faults_the_run_with_its_task(engine: Engine, world: World) -> None:
    engine.outside.answers["write"] = [
        Failed(error=standard("communication", "refused", "no such customer", status=422))
    ]
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "faulted"
    assert '"instance":"/do/2/second"' in run["error"]
    assert run["output"] is None


async def test_an_event_that_triggers_nothing_is_kept(engine: Engine, app_database: Database) -> None:
    lonely = await make_tenant(app_database, "lonely")
    accepted = await engine.intake.receive(lonely.tenant_id, order(1), "key")
    assert accepted.runs == []
    async with app_database.tenant(lonely.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.event") == 1


async def test_a_document_that_cannot_be_run_ends_its_run_and_nothing_else(
    engine: Engine, world: World, app_database: Database
) -> None:
    await deploy(app_database, world.tenant_id, "document: {broken", event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "key")
    runs = await engine.ended(world, 2)
    assert sorted(run["state"] for run in runs) == ["completed", "faulted"]


class Once(Outside):
    """A side that takes every write anew; the worker dies with the answer of the first one."""

    async def may_repeat(self, call: Call) -> bool:
        return bool(call.arguments["operation"] == "read")

    async def __call__(self, call: Call) -> Answer:
        answer = await super().__call__(call)
        if call.arguments["operation"] == "write":
            raise asyncio.CancelledError
        return answer


async def test_A2_a_call_that_may_not_be_repeated_is_never_made_twice(
    engine: Engine, world: World, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    """That it is sent is committed before it is made; sent without an answer, the task faults and a person looks."""
    once = engine.functions["connector:1.0.0@default"] = Once()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    while len(once.calls) < 2:
        await asyncio.sleep(0.01)
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT kind FROM app.journal ORDER BY seq DESC LIMIT 1") == "task.sent"
    name = endpoints.database_url.rpartition("/")[2]
    stack.postgres.run_sql(["UPDATE app.run SET lane = 0, lease_until = NULL"], name)
    (run,) = await engine.ended(world)
    assert run["state"] == "faulted"
    assert "The outcome is unknown" in run["error"]
    assert [c.arguments["operation"] for c in once.calls] == ["read", "write"]


async def test_A19_a_call_that_was_never_made_is_not_metered(
    engine: Engine, world: World, app_database: Database
) -> None:
    engine.functions.clear()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert "Unknown function" in run["error"]
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.usage WHERE kind = 'call'") == 0


async def test_a_run_that_cannot_be_run_tells_of_its_end_like_every_other(
    engine: Engine, world: World, endpoints: Endpoints, stack: Stack, app_database: Database
) -> None:
    """S-25: also one whose input came in before such input was refused."""
    nested: Any = 1
    for _ in range(values.DEPTH + 6):
        nested = [nested]
    event = msgspec.structs.replace(order(1), data=nested)
    await engine.intake.receive(world.tenant_id, event, "key")
    await deploy(app_database, world.tenant_id, "document: {broken", event_type="order")
    await engine.intake.receive(world.tenant_id, order(2), "key")
    runs = await engine.ended(world, 3)
    assert sorted(run["state"] for run in runs) == ["completed", "faulted", "faulted"]
    errors = [run["error"] for run in runs if run["error"]]
    assert any("the input is nested more than 64 deep" in error for error in errors)
    told = stack.postgres.run_sql(["SELECT count(*) FROM app.outbox"], endpoints.database_url.rpartition("/")[2])
    assert told.strip() == "3"
    assert engine.told == 3


async def test_F_38_an_answer_in_hand_is_kept_while_there_are_no_expressions(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advance_module, "_UNAVAILABLE_SECONDS", 0.01)
    lacking = engine.lacking
    lacking.outside = engine.outside
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "completed"
    assert lacking.times == 0
    assert [c.arguments["operation"] for c in engine.outside.calls] == ["read", "write"]


async def test_F_06_a_connection_whose_opening_meets_an_outage_makes_no_suspect(
    engine: Engine, world: World, stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> None:
    create_kek_file(tmp_path / "kek")
    opening = TenantConnections(OpenConnections(engine.worker, Sealer(FileKeyProvider(tmp_path / "kek"))))
    name = endpoints.database_url.rpartition("/")[2]
    waiting = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "  # noqa: S608 (our own name)
        f"WHERE datname = '{name}' AND wait_event_type = 'Lock'"
    )
    way = stack.postgres.admin_environment(name)
    async with Client(Guard()) as client:
        engine.functions["connector:1.0.0@default"] = ConnectorFunction(Registry(all_connectors()), opening, client)
        held = await asyncpg.connect(
            host=way["PGHOST"], port=int(way["PGPORT"]), user=way["PGUSER"], password=way["PGPASSWORD"], database=name
        )
        async with held.transaction():
            await held.execute("LOCK TABLE app.connection")
            await engine.intake.receive(world.tenant_id, order(1), "key")
            while not await held.fetchval("SELECT count(*) FROM app.journal WHERE kind = 'task.retried'"):
                await held.execute(waiting)
                await asyncio.sleep(0.02)
        await held.close()
        (run,) = await engine.ended(world)
    assert "There is no such connection" in run["error"], "what the database says once it is there"
    assert not run["suspect"]
