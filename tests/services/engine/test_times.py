"""When things happened, as a run's journal says, and that what takes long is seen while it lasts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import clock
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine import progress as progress_of_runs
from services.engine.claims import Claims
from services.engine.faults import standard
from services.engine.functions import Answer, Call, Failed, Later
from services.engine.journal import Checkpoint, Entry, Outcome
from services.engine.operating import cancel
from tests.services.engine.running import Engine, Outside, order
from tests.world import World, deploy, progress, start_runs, write

SECONDS = 0.3
HOUR = timedelta(hours=1)
STARTED = [("workflow.started", ""), ("task.started", "first")]


class Slow(Outside):
    """Takes its time, and until it is told, over what it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def __call__(self, call: Call) -> Answer:
        answer = await super().__call__(call)
        if call.arguments["operation"] == "read":
            await asyncio.sleep(SECONDS)
            await self.may_answer.wait()
        return answer


async def lines(engine: Engine, world: World) -> list[Any]:
    async with engine.app.tenant(world.tenant_id) as connection:
        return list(await connection.fetch("SELECT seq, at, kind, name FROM app.journal ORDER BY run_id, seq"))


async def shown(engine: Engine, world: World) -> list[Any]:
    while not (found := await lines(engine, world)):
        await asyncio.sleep(0.01)
    return found


def told(found: list[Any]) -> list[tuple[str, str]]:
    return [(line["kind"], line["name"]) for line in found]


def at(found: list[Any], kind: str, name: str) -> datetime:
    (moment,) = (line["at"] for line in found if (line["kind"], line["name"]) == (kind, name))
    assert isinstance(moment, datetime)
    return moment


def assert_in_order(found: list[Any]) -> None:
    assert [line["seq"] for line in found] == list(range(len(found)))
    assert [line["at"] for line in found] == sorted(line["at"] for line in found)


async def run_of(engine: Engine, world: World) -> Any:
    async with engine.app.tenant(world.tenant_id) as connection:
        return await connection.fetchrow("SELECT *, clock_timestamp() AS now FROM app.run")


async def test_a_slow_first_call_is_shown_while_it_lasts_and_lasts_as_long_as_it_took(
    engine: Engine, world: World
) -> None:
    slow = engine.functions["connector:1.0.0@default"] = Slow()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    during = await shown(engine, world)
    before = await run_of(engine, world)
    assert told(during) == STARTED
    assert (before["state"], before["seq"]) == ("running", 2)
    slow.may_answer.set()
    (after,) = await engine.ended(world)
    found = await lines(engine, world)
    assert_in_order(found)
    assert found[:2] == during
    took = at(found, "task.completed", "first") - at(found, "task.started", "first")
    assert took >= timedelta(seconds=SECONDS)
    assert (before["created_at"], before["started_at"]) == (after["created_at"], after["started_at"])
    assert after["created_at"] <= after["started_at"] <= found[0]["at"]
    assert found[-1]["at"] <= after["ended_at"]
    # The one that shows, one for each answer: only the first call has anything to show.
    assert engine.journal.flushes == 3
    assert after["output"] == '{"value":5}'


async def test_a_run_of_fast_calls_costs_one_commit_for_each_answer_and_no_more(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_of_runs, "SHOWN_SECONDS", 600.0)  # on a busy machine no call is fast
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert (run["state"], engine.journal.flushes) == ("completed", 2)


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
async def test_F_04_a_worker_whose_clock_is_an_hour_wrong_writes_right_times(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    away = Later(reason="the ERP answers 503", ref="con_x", error=standard("communication", "away", ""), seconds=0.4)
    engine.outside.answers["write"] = [away]
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + wrong)
    await engine.intake.receive(world.tenant_id, order(1), "key")
    while (waiting := await run_of(engine, world))["state"] != "waiting":
        await asyncio.sleep(0.01)
    since = datetime.fromisoformat(msgspec.json.decode(waiting["waiting_for"])["since"])
    assert waiting["created_at"] <= since <= waiting["now"]
    (run,) = await engine.ended(world)
    found = await lines(engine, world)
    assert_in_order(found)
    assert run["started_at"] <= found[0]["at"] <= found[-1]["at"] <= run["ended_at"]
    pause = at(found, "task.completed", "second") - at(found, "task.retried", "second")
    assert timedelta(seconds=0.4) <= pause < HOUR / 2


async def test_F_01_after_a_death_in_a_call_that_was_shown_the_journal_goes_on_in_order(
    engine: Engine, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    """The call is made again with its key; nothing that was shown is said twice or moves."""
    dying = engine.functions["connector:1.0.0@default"] = Slow()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    during = await shown(engine, world)
    (dead,) = (task for _, task in engine.loop._held.values())
    dead.cancel()
    engine.functions["connector:1.0.0@default"] = engine.outside
    name = endpoints.database_url.rpartition("/")[2]
    stack.postgres.run_sql(["UPDATE app.run SET lane = 0, lease_until = NULL"], name)
    (run,) = await engine.ended(world)
    found = await lines(engine, world)
    assert_in_order(found)
    assert (run["state"], found[:2]) == ("completed", during)
    assert told(found).count(("task.started", "first")) == 1
    assert dying.calls[0].key == engine.outside.calls[0].key


async def test_F_02_an_answer_to_a_run_that_was_cancelled_meanwhile_changes_nothing(
    engine: Engine, world: World, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go = asyncio.Event(), asyncio.Event()
    write_now = engine.journal._write

    async def write_later(batch: list[Checkpoint], kept: list[Any]) -> dict[UUID, Outcome]:
        reached.set()
        await go.wait()
        return await write_now(batch, kept)

    monkeypatch.setattr(engine.journal, "_write", write_later)
    slow = engine.functions["connector:1.0.0@default"] = Slow()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    await reached.wait()
    run = await run_of(engine, world)
    async with app_database.tenant(world.tenant_id) as connection:
        await cancel(connection, world.tenant_id, run["run_id"], "key")
    go.set()
    slow.may_answer.set()
    while engine.loop._held:
        await asyncio.sleep(0.01)
    assert told(await lines(engine, world)) == [("workflow.cancelled", "")]
    assert engine.journal.flushes == 1
    assert [call.arguments["operation"] for call in slow.calls] == ["read"]


async def test_a_refusal_that_takes_long_faults_the_task_that_was_shown(engine: Engine, world: World) -> None:
    slow = engine.functions["connector:1.0.0@default"] = Slow()
    slow.answers["read"] = [Failed(error=standard("communication", "refused", "no such customer", status=422))]
    slow.may_answer.set()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "faulted"
    assert told(await lines(engine, world)) == [*STARTED, ("task.faulted", "first"), ("workflow.faulted", "")]


async def test_no_time_that_a_writer_gives_breaks_the_order_or_lies_in_the_future(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    given = [-HOUR, None, timedelta(0), HOUR, -HOUR, None]
    for seq, state in ((0, "running"), (6, "completed")):
        checkpoint = progress(claim, state)
        entries = [
            Entry("task.completed", "/do/0/a", "a", "{}", None if g is None else claim.moment() + g) for g in given
        ]
        fields = {name: getattr(checkpoint, name) for name in checkpoint.__struct_fields__}
        changed = Checkpoint(**{**fields, "seq": seq, "entries": entries, "usage": []})
        assert await write(worker_database, changed) == ["committed"]
    async with app_database.tenant(world.tenant_id) as connection:
        found = await connection.fetch("SELECT seq, at FROM app.journal ORDER BY seq")
        run = await connection.fetchrow("SELECT *, clock_timestamp() AS now FROM app.run")
    assert len(found) == 12
    assert_in_order(found)
    assert run["started_at"] <= found[0]["at"]
    assert found[-1]["at"] <= run["now"]
