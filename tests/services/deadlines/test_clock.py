"""Steps of deadlines are done in order, once each, whatever dies on the way, and nobody's flood holds others up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from infra import crash_points, ids
from infra.database import Scope
from services.deadlines import acting, deadlines
from services.deadlines.errors import Overtaken
from services.deadlines.kinds import Acts, Due, Subject
from tests.services.deadlines.desk import Desk
from tests.world import make_tenant

STEPS: dict[str, Any] = {
    "warn": "PT1H",
    "due": "PT2H",
    "steps": [
        {"after": "PT3H", "do": "reassign", "role": "credit-manager"},
        {"after": "PT99H", "do": "auto_decide", "outcome": "reject"},
    ],
}


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    crash_points.arm("")


async def test_each_step_that_has_come_is_done_once_and_in_order(desk: Desk) -> None:
    late, early = await desk.begin(10, **STEPS), await desk.begin(0, **STEPS)
    await desk.settle()
    assert await desk.deeds() == [f"{late.hex}-{place}" for place in range(3)]
    assert desk.woken == 3
    row = await desk.row(late)
    assert row["next_at"] == row["wake_at"] == row["began_at"] + timedelta(hours=99)
    assert (len(row["done_at"]), row["failures"], row["ended_at"]) == (3, 0, None)
    assert (await desk.row(early))["done_at"] == []
    shown = ids.show("hld", row["subject_id"])
    assert await desk.told() == [
        ("deadline.warned", {"subject": shown, "step": 1}),
        ("deadline.reached", {"subject": shown, "step": 2}),
        ("deadline.reassigned", {"subject": shown, "step": 3, "role": "credit-manager"}),
    ]
    await desk.settle(desk.clock())
    assert len(await desk.deeds()) == 3, "another worker finds nothing to do"


@pytest.mark.parametrize("point", ["deadline.acted", "deadline.committed"])
async def test_F_01_what_is_torn_off_between_the_act_and_its_note_is_done_once(desk: Desk, point: str) -> None:
    made = await desk.begin(10, due="PT1H")
    crash_points.arm(f"!{point}")
    await desk.clock().round()
    assert len(await desk.deeds()) == (point == "deadline.committed")
    assert len((await desk.row(made))["done_at"]) == len(await desk.deeds()), "both, or neither"
    crash_points.arm("")
    await desk.come_due()
    await desk.settle()
    assert await desk.deeds() == [f"{made.hex}-0"]
    row = await desk.row(made)
    assert (len(row["done_at"]), row["next_at"], row["wake_at"], row["failures"]) == (1, None, None, 0)


async def test_F_02_of_two_who_do_a_step_one_has_done_it(desk: Desk) -> None:
    made = await desk.begin(10, due="PT1H")
    (first,) = await acting.take(desk.worker, 5, 60)
    assert await acting.take(desk.worker, 5, 60) == [], "as long as the lease lasts it is nobody else's"
    await desk.come_due()
    held, go_on = asyncio.Event(), asyncio.Event()

    async def slow(transaction: Any, due: Due) -> bool:
        held.set()
        await go_on.wait()
        return await desk.act(transaction, due)

    stalled = asyncio.create_task(acting.act(desk.worker, {"hold": slow}, first))
    await held.wait()
    await desk.settle()
    go_on.set()
    with pytest.raises(Overtaken):
        await stalled
    assert await desk.deeds() == [f"{made.hex}-0"]
    assert await acting.act(desk.worker, {"hold": desk.act}, first) is False, "its fence is old"


async def test_several_workers_share_what_is_due_and_do_nothing_twice(desk: Desk) -> None:
    first = await desk.begin(10, due="PT1H")
    await desk.copies(first, 59)
    await asyncio.gather(*(desk.settle(desk.clock()) for _ in range(3)))
    assert len(await desk.deeds()) == 60
    assert len(set(await desk.deeds())) == 60
    assert await desk.do("SELECT FROM app.deadline WHERE tenant_id = $1 AND next_at IS NOT NULL") == []


async def test_F_23_ten_thousand_due_at_once_keep_no_other_tenant_waiting(desk: Desk) -> None:
    await desk.copies(await desk.begin(10, due="PT1H"), 10_000)
    other = Desk(desk.app, desk.worker, (await make_tenant(desk.app, "sibling")).tenant_id)
    await other.save()
    last = await other.begin(2, due="PT1H")
    taken = await acting.take(desk.worker, 8, 60)
    assert len(taken) == 8
    assert (other.tenant, last) in [(one.tenant, one.deadline) for one in taken], "though all of the others came sooner"


async def test_what_an_act_ends_is_over_and_what_is_over_is_ended(desk: Desk) -> None:
    subject = Subject("hold", ids.new())
    decided = await desk.begin(10, subject, steps=[{"after": "PT1H", "do": "auto_decide", "outcome": "reject"}])

    async def decide(transaction: Any, due: Due) -> bool:
        await deadlines.end(transaction, desk.tenant, due.subject, "decided")
        return await desk.act(transaction, due)

    await desk.settle(desk.clock(decide))
    row = await desk.row(decided)
    assert (row["outcome"], len(row["done_at"]), row["next_at"], row["wake_at"]) == ("decided", 1, None, None)

    async def is_gone(_transaction: Any, _due: Due) -> bool:
        return False

    again = await desk.begin(10, subject, **STEPS)
    await desk.settle(desk.clock(is_gone))
    row = await desk.row(again)
    assert (row["outcome"], row["done_at"], row["next_at"]) == ("over", [], None)


async def test_a_step_that_fails_is_tried_later_each_time_and_somebody_is_told(desk: Desk) -> None:
    made = await desk.begin(10, due="PT1H")
    told = "SELECT category, cause, state, title FROM app.exception WHERE tenant_id = $1"
    waits = []
    tries: list[Acts] = [{}, {"hold": _broken}, {"hold": _broken}]
    for acts in tries:
        clock = desk.clock()
        clock._acts = acts
        await clock.round()
        waits.append(
            (await desk.do("SELECT wake_at - clock_timestamp() AS left FROM app.deadline WHERE tenant_id = $1"))[0]
        )
        await desk.come_due()
    assert (await desk.row(made))["failures"] == 3
    assert timedelta(0) < waits[0]["left"] < waits[1]["left"] < waits[2]["left"]
    (open_one,) = await desk.do(told)
    assert tuple(open_one)[:3] == ("missed", "deadline", "open")
    assert open_one["title"] == "its step could not be done: KeyError; the worker's log has more"
    await desk.settle()
    assert await desk.deeds() == [f"{made.hex}-0"]
    assert [one["state"] for one in await desk.do(told)] == ["resolved"]


async def _broken(_transaction: Any, _due: Due) -> bool:
    raise KeyError("the name of somebody")


async def test_nothing_of_a_suspended_client_is_done(desk: Desk) -> None:
    await desk.begin(10, due="PT1H")
    async with desk.app.session(Scope.operator()) as session:
        await session.execute(text("UPDATE app.tenant SET hold = 1 WHERE tenant_id = :id"), {"id": desk.tenant})
        await session.commit()
    assert await acting.take(desk.worker, 5, 60) == []
