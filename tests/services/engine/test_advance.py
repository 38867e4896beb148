"""Runs from event to end."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from infra.database import Database
from services.engine.faults import standard
from services.engine.functions import Failed, Later
from services.events.errors import EventIdReused
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant


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
