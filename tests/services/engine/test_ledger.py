"""The effect ledger in each mode: no second effect, and a person is asked where nobody else can tell (F-03, I3)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import clock, ids
from infra.database import Database
from services.engine import calls, repeating
from services.engine.deciding import Choice, EffectDecided
from services.engine.faults import standard
from services.engine.functions import EffectMode, Later
from services.engine.recovery import sweep
from services.engine.world import check_world
from tests.services.engine.ledger_side import HEAD, ONE, WRITE, Mishap, Side, begin, decide, die, effect, kinds, until
from tests.services.engine.running import Engine

CAUGHT = f"""{HEAD}do:
  - safe:
      try: [{{write: {WRITE}}}]
      catch:
        errors: {{with: {{type: /errors/outcome-unknown}}}}
        do: [{{told: {{set: {{value: unknown}}}}}}]
"""
SPOILT = f"{HEAD}do:\n  - write: {{{WRITE[1:-1]}, output: {{as: '${{ .value.missing }}'}}}}\n"
LATE = f"{HEAD}do:\n  - write: {{{WRITE[1:-1]}, timeout: {{after: {{milliseconds: 300}}}}}}\n"


async def test_I3_a_keyed_effect_that_is_confirmed_leaves_no_row(engine: Engine, app_database: Database) -> None:
    world = await begin(engine, app_database, Side("keyed"))
    await until(engine, world, "completed")
    assert await effect(engine, world) is None
    assert await kinds(engine, world) == ["workflow.started", "task.started", "task.completed", "workflow.completed"]


@pytest.mark.parametrize("mode", ["check-then-write", "once-or-ask"])
async def test_F_03_one_effect_and_its_answer_whatever_happens_in_between(
    engine: Engine, app_database: Database, mode: EffectMode
) -> None:
    mishaps: tuple[Mishap, ...] = ("", "dies", "dies-before", "lost", "busy")
    for mishap in mishaps:
        await _brought_about(engine, app_database, mode, mishap)


async def _brought_about(engine: Engine, app_database: Database, mode: EffectMode, mishap: Mishap) -> None:
    side = Side(mode, *([mishap] if mishap else []))
    world = await begin(engine, app_database, side, slug=f"m-{mishap}x")
    if mishap.startswith("dies"):
        await die(engine, world, side)
    run = await until(engine, world, "completed")
    assert (run["output"], list(side.booked.values())) == ('{"value":8}', [1])
    row = await effect(engine, world)
    is_found = mishap in {"dies", "lost"}
    assert (row["status"], row["mode"], row["operation"]) == ("confirmed", mode, "orders.write")
    assert row["settled_by"] == ("read-back" if is_found else None)
    assert side.looks == (1 if mishap in {"dies", "dies-before", "lost"} else 0)
    assert msgspec.json.decode(row["shown"])["input"] == {"value": 7}
    assert row["told"] == '{"value":8}'
    assert len(side.calls) == (2 if mishap in {"dies-before", "busy"} else 1)


@pytest.mark.parametrize("choice", ["happened", "did-not-happen", "fail"])
async def test_F_03_a_person_is_asked_where_nobody_else_can_tell(
    engine: Engine, app_database: Database, choice: Choice
) -> None:
    mishaps: tuple[Mishap, ...] = ("dies", "dies-before", "lost")
    for mishap in mishaps:
        await _asked(engine, app_database, mishap, choice)


async def _asked(engine: Engine, app_database: Database, mishap: Mishap, choice: Choice) -> None:
    side = Side("once-or-ask", mishap, sees=False)
    world = await begin(engine, app_database, side, slug=mishap)
    if mishap != "lost":
        await die(engine, world, side)
    run = await until(engine, world, "uncertain")
    row = await effect(engine, world)
    assert (row["status"], row["asked_at"] is not None, len(side.calls)) == ("unknown", True, 1)
    async with engine.worker.doors() as connection:
        notices = await connection.fetch("SELECT body::text AS body FROM app.take_outbox(9, 60, '{notices}')")
    assert [row["key"] in notice["body"] for notice in notices] == [True]
    assert await check_world(engine.worker, run["created_at"] - timedelta(hours=1), 30) == []
    await decide(engine, world, run["run_id"], choice, {"value": 9})
    with pytest.raises(EffectDecided):
        await decide(engine, world, run["run_id"], choice, {"value": 9})
    run = await until(engine, world, "faulted" if choice == "fail" else "completed")
    row = await effect(engine, world)
    if choice == "happened":
        assert (run["output"], row["status"], row["settled_by"], row["told"]) == (
            '{"value":9}',
            "confirmed",
            "acc_1",
            '{"value":9}',
        )
    elif choice == "fail":
        assert msgspec.json.decode(run["error"])["type"] == "/errors/outcome-unknown"
        assert row["status"] == "failed"
        async with engine.app.tenant(world.tenant_id) as connection:
            over = await connection.fetchval("SELECT connection FROM app.exception WHERE state = 'open'")
        assert over == ids.show("con", UUID(int=7)), "that of the call"
    else:
        assert (run["output"], row["status"], len(side.calls)) == ('{"value":8}', "confirmed", 2)
    if choice != "did-not-happen":
        assert len(side.calls) == 1
    async with engine.app.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT actor FROM app.audit WHERE action LIKE 'effect.%' ORDER BY audit_id")
    assert [one["actor"] for one in rows] == ["engine", "acc_1"]


async def test_F_03_what_stays_unknown_is_an_error_of_its_own_that_a_document_can_catch(
    engine: Engine, app_database: Database
) -> None:
    world = await begin(engine, app_database, Side("once-or-ask", "lost", sees=False), CAUGHT)
    run = await until(engine, world, "uncertain")
    await decide(engine, world, run["run_id"], "fail")
    assert (await until(engine, world, "completed"))["output"] == '{"value":"unknown"}'


@pytest.mark.parametrize("mode", ["check-then-write", "once-or-ask"])
async def test_F_19_what_is_confirmed_is_not_called_again_by_a_retry(
    engine: Engine, app_database: Database, mode: EffectMode
) -> None:
    side = Side(mode)
    world = await begin(engine, app_database, side, SPOILT)
    run = await until(engine, world, "faulted")
    assert (await effect(engine, world))["status"] == "confirmed"
    before = len(await kinds(engine, world))
    await retry(engine, run)
    while len(await kinds(engine, world)) < before + 4:
        await asyncio.sleep(0.01)
    assert ((await until(engine, world, "faulted"))["state"], len(side.calls), side.looks) == ("faulted", 1, 0)
    async with engine.app.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT sum(quantity)::int FROM app.usage WHERE kind = 'call'") == 1


async def test_F_19_what_failed_is_called_again_and_what_is_unknown_is_asked_about_again(
    engine: Engine, app_database: Database
) -> None:
    side = Side("once-or-ask", "refused", "lost", sees=False)
    world = await begin(engine, app_database, side)
    run = await until(engine, world, "faulted")
    assert msgspec.json.decode(run["error"])["connection"] == "con_7", "for whoever looks after it"
    assert (await effect(engine, world))["status"] == "failed"
    await retry(engine, run)
    run = await until(engine, world, "uncertain")
    await decide(engine, world, run["run_id"], "fail")
    run = await until(engine, world, "faulted")
    await retry(engine, run)
    run = await until(engine, world, "uncertain")
    assert len(side.calls) == 2
    await decide(engine, world, run["run_id"], "happened", {"value": 3})
    assert (await until(engine, world, "completed"))["output"] == '{"value":3}'
    assert (len(side.calls), len(side.booked)) == (2, 1)


@pytest.mark.parametrize("mode", ["check-then-write", "once-or-ask"])
async def test_F_03_a_mistake_of_ours_after_a_request_does_not_say_that_it_failed(
    engine: Engine, app_database: Database, mode: EffectMode
) -> None:
    """Such as an answer without the member that the connector reads next."""
    side = Side(mode, "mistaken")
    world = await begin(engine, app_database, side)
    run = await until(engine, world, "uncertain")
    assert (await effect(engine, world))["status"] == "unknown"
    await decide(engine, world, run["run_id"], "fail")
    await retry(engine, await until(engine, world, "faulted"))
    run = await until(engine, world, "completed")
    assert (run["output"], list(side.booked.values()), len(side.calls)) == ('{"value":8}', [1], 1)


async def test_F_03_a_worker_that_stood_still_before_a_call_does_not_make_it(
    engine: Engine, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another may have taken the run, and may have asked a person who has looked and seen nothing."""
    side = Side("once-or-ask", sees=False)
    with monkeypatch.context() as patch:
        patch.setattr(calls, "_LATEST", -1.0)
        world = await begin(engine, app_database, side)
        while "effect.intended" not in await kinds(engine, world):
            await sweep(engine.worker, 3, 0)
            await asyncio.sleep(0.01)
        assert not side.calls
    await until(engine, world, "completed")
    assert (len(side.calls), side.looks) == (1, 0)


async def test_F_03_a_time_limit_leaves_an_effect_behind_that_nobody_knows_of(
    engine: Engine, app_database: Database
) -> None:
    side = Side("once-or-ask", "lost")
    error = standard("communication", "away", "")
    side.looking = [Later(reason="it cannot be looked for", ref="erp", error=error, seconds=60.0)]
    world = await begin(engine, app_database, side, LATE)
    run = await until(engine, world, "faulted")
    assert "timeout" in run["error"]
    assert (await effect(engine, world))["status"] == "unknown"
    side.looking.clear()
    await retry(engine, run)
    run = await until(engine, world, "completed")
    assert (run["output"], len(side.calls), (await effect(engine, world))["status"]) == ('{"value":8}', 1, "confirmed")


async def test_a_cancelled_run_leaves_an_effect_that_nobody_knows_of(engine: Engine, app_database: Database) -> None:
    side = Side("once-or-ask", "dies")
    world = await begin(engine, app_database, side)
    while side.mishaps or not side.calls:
        await asyncio.sleep(0.01)
    async with engine.app.tenant(world.tenant_id) as connection:
        run = await connection.fetchval("SELECT run_id FROM app.run")
        assert (await effect(engine, world))["status"] == "sent"
        await connection.fetchval("SELECT app.cancel_run($1, 'key', $2)", run, run)
    assert (await effect(engine, world))["status"] == "unknown"
    await decide(engine, world, run, "happened", {"value": 1})
    assert (await effect(engine, world))["status"] == "confirmed"
    assert (await kinds(engine, world))[-1] == "workflow.cancelled"
    assert await check_world(engine.worker, clock.now() - timedelta(hours=1), 30) == []


async def test_a_key_that_is_too_old_is_looked_for_and_not_sent_again(engine: Engine, app_database: Database) -> None:
    """F-03: the first sending is known after every retry, crash and pause, and costs no row."""
    side = Side("keyed", "dies", valid=1)
    world = await begin(engine, app_database, side)
    await die(engine, world, side)
    await until(engine, world, "completed")
    assert (side.looks, len(side.calls), await effect(engine, world)) == (1, 1, None)


async def test_a_key_that_is_too_old_is_a_persons_question_where_nobody_can_look(
    engine: Engine, app_database: Database
) -> None:
    side = Side("keyed", "lost", sees=False, valid=1)
    world = await begin(engine, app_database, side, ONE)
    run = await until(engine, world, "uncertain")
    assert ((await effect(engine, world))["mode"], len(side.calls)) == ("keyed", 1)
    side.valid = 86_400_000
    await decide(engine, world, run["run_id"], "did-not-happen")
    await until(engine, world, "completed")
    assert (len(side.calls), list(side.booked.values())) == (2, [1])
    assert (await effect(engine, world))["status"] == "intended"


async def test_a_payload_that_the_database_cannot_hold_stops_no_run(engine: Engine, app_database: Database) -> None:
    document = ONE.replace("value: 7", 'value: 7, text: "a\\0b"')
    world = await begin(engine, app_database, Side("once-or-ask"), document)
    await until(engine, world, "completed")
    assert "a\ufffdb" in (await effect(engine, world))["shown"]


async def retry(engine: Engine, run: Any) -> None:
    async with engine.app.tenant(run["tenant_id"]) as connection:
        await repeating.retry(connection, run["tenant_id"], run["run_id"], "key:key_1")
    engine.loop.wake()
