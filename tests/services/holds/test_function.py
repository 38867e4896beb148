"""Workflows raise and clear holds and wait for their orders, on the real engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from infra.database import Database
from infra.ids import TenantId
from services.engine import operating
from services.engine.functions import Call, Done, Failed, Later
from services.events.catalogue import registry
from services.holds import telling, waking
from services.holds.clearing import Hand
from services.holds.function import NAME, HoldsFunction
from services.worker.outlets import Outlets
from template_library import schemas
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, at_work, order
from tests.services.holds.holding import ORDER, Desk, on_customer, wanted
from tests.world import World, deploy

RELEASING = """
document: {dsl: '1.0.3', namespace: tests, name: releasing, version: 1.0.0}
do:
  - hold:
      call: holds:1.0.0@default
      with: {do: raise, order: SO-1, customer: C-1, type: stock, reason: short, value: {amount: 500, currency: USD}}
  - let-go:
      call: holds:1.0.0@default
      with: {do: wait, order: SO-1}
"""
CLEARING = """
document: {dsl: '1.0.3', namespace: tests, name: clearing, version: 1.0.0}
do:
  - hold:
      call: holds:1.0.0@default
      with: {do: raise, order: SO-1, customer: C-1, type: stock, reason: short}
  - comply:
      call: holds:1.0.0@default
      with: {do: raise, order: SO-1, type: compliance, reason: licence}
  - clear:
      call: holds:1.0.0@default
      with: {do: clear, order: SO-1, why: it came}
"""


@pytest.fixture
async def engine(app_database: Database, worker_database: Database) -> AsyncIterator[Engine]:
    async with at_work(app_database, worker_database) as engine:
        engine.functions[NAME] = HoldsFunction(worker_database)
        yield engine


@pytest.fixture
def desk(app_database: Database, world: World) -> Desk:
    return Desk(app_database, world.tenant_id)


async def waits(desk: Desk) -> Any:
    """The row of the run once it is parked for its order."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = await desk.rows(
                "SELECT run_id, waiting_for::text AS why FROM app.run WHERE tenant_id = $1 AND state = 'waiting' "
                "AND waiting_for ->> 'kind' = 'hold' AND lease_until IS NULL"
            )
            if rows:
                return rows[0]
            await asyncio.sleep(0.02)


async def ended(engine: Engine, world: World) -> Any:
    async with asyncio.timeout(PATIENCE):
        ending = asyncio.create_task(engine.ended(world))
        while not ending.done():
            await waking.wake(engine.worker)
            await asyncio.sleep(0.02)
        return (await ending)[0]


async def test_a_run_waits_without_a_worker_until_the_last_hold_is_cleared(
    engine: Engine, desk: Desk, world: World
) -> None:
    await deploy(desk.database, world.tenant_id, RELEASING, event_type="order")
    await desk.hold(on_customer())
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    row = await waits(desk)
    assert "stock (short), of inventory-desk" in row["why"]
    exceptions = await desk.rows("SELECT 1 FROM app.exception WHERE tenant_id = $1")
    assert exceptions == [], "the hold has an owner of its own"
    of_order, of_customer = await desk.rows(
        "SELECT hold_id, run_id, kind FROM app.hold WHERE tenant_id = $1 ORDER BY kind DESC"
    )
    assert of_order["run_id"] == row["run_id"]
    await desk.act(of_order["hold_id"])
    await waking.wake(engine.worker)
    await waits(desk)
    await desk.act(of_customer["hold_id"])
    run = await ended(engine, world)
    assert run["state"] == "completed"
    assert (await desk.stands()).is_released
    assert await desk.rows("SELECT 1 FROM app.hold_wait WHERE tenant_id = $1") == []


async def test_a_wake_up_that_meets_a_run_in_hand_is_not_lost(engine: Engine, desk: Desk, world: World) -> None:
    """The hold is cleared between the function's answer and the commit that parks the run."""
    real = HoldsFunction(engine.worker)

    async def meets(call: Call) -> Any:
        answer = await real(call)
        if isinstance(answer, Later):
            (row,) = await desk.rows("SELECT hold_id FROM app.hold WHERE tenant_id = $1")
            await desk.act(row["hold_id"])
            await waking.wake(engine.worker)
        return answer

    engine.functions[NAME] = meets
    await deploy(desk.database, world.tenant_id, RELEASING, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    assert (await ended(engine, world))["state"] == "completed"


async def test_a_run_clears_what_it_raised_where_the_type_lets_it_and_no_more(
    engine: Engine, desk: Desk, world: World
) -> None:
    theirs = await desk.hold()
    await deploy(desk.database, world.tenant_id, CLEARING, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    run = await ended(engine, world)
    assert run["state"] == "completed"
    rows = await desk.rows("SELECT type, reason, status FROM app.hold WHERE tenant_id = $1 ORDER BY type, reason")
    assert [tuple(row) for row in rows] == [
        ("compliance", "licence", "active"),
        ("stock", "short", "cleared"),
        ("stock", "tried", "active"),
    ]
    assert theirs.is_active


async def test_a_run_clears_nothing_that_somebody_else_raised_as_well(engine: Engine, desk: Desk, world: World) -> None:
    await deploy(desk.database, world.tenant_id, CLEARING, event_type="order")
    await desk.hold(wanted("stock"))
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    await ended(engine, world)
    (own,) = await desk.rows("SELECT hold_id FROM app.hold WHERE tenant_id = $1 AND reason = 'short'")
    (row,) = await desk.rows("SELECT run_id FROM app.hold WHERE hold_id = $2 AND tenant_id = $1", own["hold_id"])
    short = msgspec.structs.replace(wanted("stock", run=row["run_id"]), reason="later")
    mine = await desk.hold(short, actor=telling.of_run(row["run_id"]))
    await desk.hold(msgspec.structs.replace(short, run=None), actor="account:kim")
    async with desk.database.tenant(desk.tenant) as connection:
        assert not await Hand(connection, desk.tenant, None).clear_own(mine.hold_id, row["run_id"], "done")


async def test_a_wait_of_a_run_that_was_cancelled_leaves_nothing(engine: Engine, desk: Desk, world: World) -> None:
    await deploy(desk.database, world.tenant_id, RELEASING, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    row = await waits(desk)
    async with desk.database.tenant(desk.tenant) as connection:
        await operating.cancel(connection, desk.tenant, row["run_id"], "account:kim")
    (hold,) = await desk.rows("SELECT hold_id FROM app.hold WHERE tenant_id = $1")
    await desk.act(hold["hold_id"])
    assert await waking.wake(engine.worker) == 1
    assert await desk.rows("SELECT 1 FROM app.hold_wait WHERE tenant_id = $1") == []


def call(world: World, arguments: dict[str, Any], key: str = "k" * 64) -> Call:
    run = world.client_id  # any id
    return Call(function=NAME, arguments=arguments, reference="/do/0/x", key=key, tenant=world.tenant_id, run=run)


async def test_a_check_tells_and_lets_nothing_go(worker_database: Database, desk: Desk, world: World) -> None:
    function = HoldsFunction(worker_database)
    raised = await desk.hold()
    told = await function(call(world, {"do": "check", "order": ORDER, "customer": None}))
    assert isinstance(told, Done)
    assert (told.output["releasable"], [one["type"] for one in told.output["holds"]]) == (False, ["stock"])
    await desk.act(raised.hold_id)
    told = await function(call(world, {"do": "check", "order": ORDER}))
    assert isinstance(told, Done)
    assert told.output == {"order": ORDER, "customer": "C-1", "releasable": True, "holds": [], "sold": None}
    assert not (await desk.stands()).is_released


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"do": "wait", "order": "SO-9"}, "`customer`"),
        ({"do": "raise", "type": "stock", "reason": "x"}, "`order`"),
        ({"do": "raise", "order": "SO-1", "type": "credit", "reason": "x", "deadline": {}}, "`warn`, `due` or `steps`"),
        ({"do": "raise", "order": "", "type": "stock", "reason": "x"}, "length"),
        ({"do": "let"}, "let"),
        ({"do": "claim", "order": "SO-1", "customer": "C-1"}, "`content`"),
        ({"do": "claim", "order": "SO-1", "customer": "C-1", "content": 1, "within_days": -1}, "within_days"),
        ({"do": "sold", "order": "SO-1", "customer": "C-1", "sale": ""}, "length"),
    ],
)
async def test_a_call_that_says_it_wrong_fails_its_task_with_words(
    worker_database: Database, world: World, arguments: dict[str, Any], words: str
) -> None:
    answer = await HoldsFunction(worker_database)(call(world, arguments))
    assert isinstance(answer, Failed)
    assert (answer.error.status, answer.sent) == (422, False)
    assert words in answer.error.detail


async def test_a_type_that_is_not_there_fails_the_task_with_words(engine: Engine, desk: Desk, world: World) -> None:
    unknown = RELEASING.replace("type: stock", "type: no-such")
    await deploy(desk.database, world.tenant_id, unknown, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    run = await ended(engine, world)
    assert run["state"] == "faulted"
    (row,) = await desk.rows("SELECT error::text AS error FROM app.run WHERE tenant_id = $1")
    assert "holds of the types" in row["error"]


@pytest.mark.parametrize(
    "said",
    [
        {"do": "raise", "order": ORDER, "type": "stock", "reason": "late"},
        {"do": "clear", "order": ORDER, "why": "late"},
        {"do": "wait", "order": ORDER, "customer": "C-1"},
        {"do": "claim", "order": ORDER, "customer": "C-1", "content": []},
        {"do": "sold", "order": ORDER, "customer": "C-1", "sale": "S-1"},
    ],
)
async def test_F_02_a_worker_that_has_lost_the_run_raises_clears_and_lets_go_nothing(
    worker_database: Database, engine: Engine, desk: Desk, world: World, said: Any
) -> None:
    await deploy(desk.database, world.tenant_id, RELEASING, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    row = await waits(desk)
    before = await desk.rows("SELECT hold_id, status, version FROM app.hold WHERE tenant_id = $1")
    (held,) = await desk.rows("SELECT fence FROM app.run WHERE tenant_id = $1")
    late = msgspec.structs.replace(call(world, said), run=row["run_id"], fence=held["fence"])
    answer = await HoldsFunction(worker_database)(late)
    assert isinstance(answer, Later)
    assert (answer.parked, "other hands" in answer.reason) == (False, True)
    assert await desk.rows("SELECT 1 FROM app.order_sale WHERE tenant_id = $1") == []
    assert await desk.rows("SELECT hold_id, status, version FROM app.hold WHERE tenant_id = $1") == before


async def test_F_14_a_run_whose_row_somebody_has_is_waited_for_by_nobody_and_called_later(
    engine: Engine, desk: Desk, world: World
) -> None:
    await deploy(desk.database, world.tenant_id, RELEASING, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    row = await waits(desk)
    (hold,) = await desk.rows("SELECT hold_id FROM app.hold WHERE tenant_id = $1")
    with contextlib.suppress(_ThinksBetter):
        async with desk.database.tenant(desk.tenant) as connection:
            await operating.cancel(connection, desk.tenant, row["run_id"], "account:kim")
            await desk.act(hold["hold_id"])
            async with asyncio.timeout(PATIENCE):
                assert await waking.wake(engine.worker) == 1, "it waits for nobody"
            (wait,) = await desk.rows("SELECT wake_at FROM app.hold_wait WHERE tenant_id = $1")
            assert wait["wake_at"] is not None
            raise _ThinksBetter
    assert (await ended(engine, world))["state"] == "completed"


class _ThinksBetter(Exception):
    pass


async def test_events_of_holds_are_taken_in_and_keep_to_their_schema(
    engine: Engine, desk: Desk, world: World, worker_database: Database
) -> None:
    await desk.act((await desk.hold()).hold_id)
    outlets = Outlets(worker_database, engine.loop.wake, judge=engine.correlator.nudge)
    rows = await desk.rows("SELECT outbox_id, body::text AS body FROM app.outbox WHERE tenant_id = $1")
    for row in rows:
        await outlets.emit(world.tenant_id, row["outbox_id"], row["body"])
    stored = await desk.rows(
        "SELECT type, subject, depth, content -> 'data' AS data FROM app.event WHERE tenant_id = $1 ORDER BY type"
    )
    assert [(row["type"], row["subject"], row["depth"]) for row in stored] == [
        ("hold.cleared", ORDER, 1),
        ("hold.raised", ORDER, 1),
    ]

    for row in stored:
        kind = registry.find(row["type"])
        assert kind is not None
        assert schemas.check(kind.schema, msgspec.json.decode(row["data"])) == []


async def test_holds_and_runs_that_set_each_other_going_come_to_an_end(
    desk: Desk, world: World, engine: Engine
) -> None:
    await deploy(desk.database, world.tenant_id, RELEASING, event_type="order")
    await engine.intake.receive(TenantId(world.tenant_id), order(1), "tests", depth=8)
    await waits(desk)
    assert await desk.rows("SELECT 1 FROM app.outbox WHERE tenant_id = $1 AND topic = 'emit'") == []
