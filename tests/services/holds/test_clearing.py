"""Who clears a hold is what the authority says, each time and of each one."""

from __future__ import annotations

from uuid import UUID

import pytest

from infra.database import Database
from infra.problems import NotFound
from services.holds import bulk, kinds
from services.holds.authority import Decider
from services.holds.errors import (
    AlreadyAgreed,
    HoldChanged,
    HoldClosed,
    HoldNotYours,
    InvalidHoldTypes,
    UnknownHoldType,
)
from services.holds.kinds import SHIPPED, Kind
from tests.services.holds.holding import KIM, SAM, Desk, Judging, wanted
from tests.world import World

KEY = Decider(actor="key:robot")


@pytest.fixture
def desk(app_database: Database, world: World) -> Desk:
    return Desk(app_database, world.tenant_id)


async def status(desk: Desk, hold: UUID) -> tuple[str, str | None, int]:
    (row,) = await desk.rows(
        "SELECT status, cleared_by, version FROM app.hold WHERE tenant_id = $1 AND hold_id = $2", hold
    )
    return tuple(row)


@pytest.mark.parametrize("act", ["clear", "override"])
async def test_what_asks_for_a_decision_is_refused_where_no_authority_is_there(desk: Desk, act: str) -> None:
    raised = await desk.hold(wanted("credit"))
    with pytest.raises(HoldNotYours, match=r"credit\.release"):
        await desk.act(raised.hold_id, act=act)
    assert await status(desk, raised.hold_id) == ("active", None, 1)


async def test_no_key_decides_whatever_the_authority_would_say(desk: Desk) -> None:
    desk.judge = judge = Judging("allowed")
    raised = await desk.hold(wanted("credit"))
    with pytest.raises(HoldNotYours, match="Sign in"):
        await desk.act(raised.hold_id, by=KEY)
    assert judge.asked == []
    await desk.act((await desk.hold(wanted("stock"))).hold_id, by=KEY)


async def test_the_authority_is_asked_by_the_facts_and_refuses(desk: Desk) -> None:
    desk.judge = judge = Judging("refused")
    raised = await desk.hold(wanted("credit", value=1_250_000, currency="USD", site="depot"), actor="account:maker")
    with pytest.raises(HoldNotYours, match="as told"):
        await desk.act(raised.hold_id)
    (asked,) = judge.asked
    assert (asked.decision, asked.raisers, asked.by) == ("credit.release", ("account:maker",), KIM)
    facts = {"amount": 1_250_000, "currency": "USD", "customer": "C-1", "site": "depot", "order": "SO-1"}
    assert facts.items() <= asked.facts.items()
    assert (await status(desk, raised.hold_id))[0] == "active"


async def test_where_several_must_agree_it_stands_until_the_last_one_has(desk: Desk) -> None:
    desk.judge = judge = Judging("more", "more", "allowed")
    hold = (await desk.hold(wanted("credit"))).hold_id
    assert await desk.act(hold) == "agreed"
    with pytest.raises(AlreadyAgreed):
        await desk.act(hold)
    assert await desk.act(hold, by=SAM) == "cleared"
    assert [one.by for one in judge.asked[-1].given] == ["account:kim"]
    assert judge.asked[1].given == (), "nobody is asked about themselves"
    assert await status(desk, hold) == ("cleared", "account:sam", 3)


async def test_of_two_who_act_on_what_they_saw_one_does_and_the_same_again_is_told_the_same(desk: Desk) -> None:
    hold = (await desk.hold()).hold_id
    assert await desk.act(hold, seen=1) == "cleared"
    assert await desk.act(hold, seen=1) == "cleared", "the same person, who perhaps never heard of it"
    with pytest.raises(HoldClosed, match="account:kim"):
        await desk.act(hold, by=SAM, seen=1)
    other = (await desk.hold()).hold_id
    with pytest.raises(HoldChanged):
        await desk.act(other, seen=2)
    with pytest.raises(NotFound):
        await desk.act(UUID(int=1))


async def test_many_are_cleared_each_by_itself_and_only_as_they_were_seen(desk: Desk) -> None:
    holds = [(await desk.hold(wanted("stock", on=f"SO-{number}"))).hold_id for number in range(3)]
    credit = (await desk.hold(wanted("credit"))).hold_id
    seen = [{"hold_id": one, "version": 1} for one in (*holds, credit)]
    batch = bulk.unpack(bulk.pack("all well", seen))
    await desk.act(holds[1], by=SAM)
    done = dict(await bulk.drive(desk.database, desk.tenant, batch, KIM, None))
    assert [done[one] for one in (*holds, credit)] == ["cleared", "changed", "cleared", "refused"]
    again = dict(await bulk.drive(desk.database, desk.tenant, batch, KIM, None))
    assert again == done


async def test_types_are_the_clients_words_and_none_goes_of_which_a_hold_is_active(desk: Desk) -> None:
    with pytest.raises(UnknownHoldType):
        await desk.hold(wanted("cold-chain"))
    own = (Kind(name="cold-chain", title="Cold chain", role="quality-desk", minutes=None),)
    async with desk.database.tenant(desk.tenant) as connection:
        assert (await kinds.put(connection, desk.tenant, (*SHIPPED, *own), actor="x")).version == 1
    raised = await desk.hold(wanted("cold-chain"))
    (row,) = await desk.rows("SELECT owner_role, due = 'infinity' AS never FROM app.hold WHERE tenant_id = $1")
    assert tuple(row) == ("quality-desk", True)
    async with desk.database.tenant(desk.tenant) as connection:
        with pytest.raises(InvalidHoldTypes, match="cold-chain is active"):
            await kinds.put(connection, desk.tenant, SHIPPED, actor="x")
    await desk.act(raised.hold_id)
    async with desk.database.tenant(desk.tenant) as connection:
        assert (await kinds.put(connection, desk.tenant, SHIPPED, actor="x")).version == 2
        assert await kinds.in_force(connection, desk.tenant) == kinds.Kinds(2, SHIPPED)


async def test_what_happens_to_a_hold_is_told_by_an_event_of_the_catalogue(desk: Desk) -> None:
    hold = (await desk.hold(wanted("stock", words="nobody hears this", value=5, currency="EUR"))).hold_id
    await desk.act(hold)
    rows = await desk.rows("SELECT topic, body::text AS body FROM app.outbox WHERE tenant_id = $1 ORDER BY outbox_id")
    assert [row["topic"] for row in rows] == ["emit", "emit"]
    assert all('"type":"hold.' in row["body"] and "nobody hears" not in row["body"] for row in rows)
