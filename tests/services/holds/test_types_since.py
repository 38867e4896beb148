"""What a type asked for when a hold was raised, it asks for until that is cleared, whatever it says since."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.holds import kinds, telling
from services.holds.authority import Decider
from services.holds.clearing import Hand
from services.holds.errors import HoldNotYours, OtherFacts
from services.holds.kinds import SHIPPED
from tests.services.holds.holding import KIM, Desk, Judging, wanted
from tests.world import World

KEY = Decider(actor="key:robot")


@pytest.fixture
def desk(app_database: Database, world: World) -> Desk:
    return Desk(app_database, world.tenant_id)


async def put(desk: Desk, name: str, actor: str = "account:mallory", **more: Any) -> None:
    """Set one of the types otherwise."""
    types = [msgspec.structs.replace(one, **more) if one.name == name else one for one in SHIPPED]
    async with desk.database.tenant(desk.tenant) as connection:
        await kinds.put(connection, desk.tenant, types, actor=actor)


async def own(desk: Desk, hold: UUID, run: UUID) -> bool:
    async with desk.database.tenant(desk.tenant) as connection:
        return await Hand(connection, desk.tenant, None).clear_own(hold, run, "it is")


async def test_S_68_a_type_that_is_set_to_ask_for_less_lets_nothing_go_that_stands(desk: Desk) -> None:
    desk.judge = judge = Judging("refused", "refused")
    hold = (await desk.hold(wanted("credit"))).hold_id
    await put(desk, "credit", decision=None)
    for by in (KEY, KIM):
        with pytest.raises(HoldNotYours):
            await desk.act(hold, by=by)
    await put(desk, "credit", actor="account:friend", decision="anything.goes")
    with pytest.raises(HoldNotYours):
        await desk.act(hold)
    assert [one.decision for one in judge.asked] == ["credit.release"] * 2
    assert judge.asked[-1].changers == ("account:friend", "account:mallory"), "also who set it back"


async def test_S_68_a_run_clears_nothing_that_it_could_not_when_it_raised_it(desk: Desk) -> None:
    run = ids.new()
    actor = telling.of_run(run)
    strict = (await desk.hold(wanted("compliance", run=run), actor)).hold_id
    lax = (await desk.hold(wanted("stock", run=run), actor)).hold_id
    await put(desk, "compliance", run_may_clear=True)
    assert not await own(desk, strict, run)
    await put(desk, "stock", run_may_clear=False)
    assert not await own(desk, lax, run), "nor what it may no more"
    await put(desk, "stock")
    assert await own(desk, lax, run)


async def test_what_stood_without_a_decision_takes_the_one_that_its_type_asks_for_by_now(desk: Desk) -> None:
    desk.judge = judge = Judging("refused", "refused")
    hold = (await desk.hold()).hold_id
    await put(desk, "stock", decision="stock.release")
    with pytest.raises(HoldNotYours):
        await desk.act(hold)
    assert (await desk.hold()).hold_id == hold
    await put(desk, "stock")
    with pytest.raises(HoldNotYours):
        await desk.act(hold)
    assert [one.decision for one in judge.asked] == ["stock.release"] * 2, "raised again it stands for both"


async def test_S_68_nobody_raises_a_hold_first_by_a_type_of_their_own_making(desk: Desk) -> None:
    """What a run raises for one decision does not join what was raised for another, which fewer would decide."""
    await put(desk, "credit", decision="anything.goes")
    await desk.hold(wanted("credit"))
    await put(desk, "credit")
    with pytest.raises(OtherFacts, match=r"anything\.goes"):
        await desk.hold(wanted("credit"), "run:run_x")
