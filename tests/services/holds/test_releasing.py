"""An order goes out when nothing holds it, its lines or its customer; and no release passes beside a new hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from infra.database import Database
from services.holds import raising, releasing
from services.holds.errors import OtherCustomer
from services.holds.raising import Wanted
from tests.patience import PATIENCE
from tests.services.holds.holding import CUSTOMER, ORDER, Desk, on_customer, waiter, wanted
from tests.world import World


@pytest.fixture
def desk(worker_database: Database, world: World) -> Desk:
    """As runs hold and let go; people do the same as the API's role, and let nothing go."""
    return Desk(worker_database, world.tenant_id)


async def test_an_order_may_go_when_none_of_several_holds_is_active_on_it_or_its_lines(desk: Desk) -> None:
    first = await desk.hold(wanted("stock"))
    second = await desk.hold(wanted("incomplete"))
    third = await desk.hold(wanted("stock", line="10"))
    assert [one.on for one in (await desk.stands()).holds] == ["order", "order", "line"]
    for one in (third, first):
        await desk.act(one.hold_id)
        assert not (await desk.stands()).is_releasable
    await desk.act(second.hold_id)
    assert (await desk.stands()).is_releasable


async def test_a_hold_on_the_customer_outranks_what_is_cleared_or_overridden_on_its_order(desk: Desk) -> None:
    of_order, other = await desk.hold(), await desk.hold(wanted("incomplete"))
    of_customer = await desk.hold(on_customer())
    await desk.act(of_order.hold_id)
    await desk.act(other.hold_id, act="override")
    left = await desk.stands()
    assert ([one.on for one in left.holds], left.is_releasable) == (["customer"], False)
    assert not (await desk.release()).is_released
    await desk.act(of_customer.hold_id)
    assert (await desk.release()).is_released


async def test_S_68_nobody_moves_an_order_out_from_under_its_customers_hold(desk: Desk) -> None:
    await desk.hold(on_customer())
    await desk.act((await desk.hold()).hold_id)
    with pytest.raises(OtherCustomer):
        await desk.hold(Wanted(kind="order", key=ORDER, customer="C-9", type="stock", reason="mine"))
    left = await desk.stands()
    assert ([one.on for one in left.holds], left.is_releasable) == (["customer"], False)


async def test_an_order_of_which_nobody_said_whose_it_is_may_not_go(desk: Desk) -> None:
    assert not (await desk.stands("SO-9")).is_releasable
    async with desk.database.tenant(desk.tenant) as connection:
        assert (await releasing.read(connection, desk.tenant, "SO-9", CUSTOMER)).is_releasable


async def test_the_same_type_and_reason_of_one_order_is_one_hold_until_it_is_cleared(desk: Desk) -> None:
    first, again = await desk.hold(), await desk.hold(actor="account:other")
    assert (again.hold_id, first.is_new, again.is_new) == (first.hold_id, True, False)
    actions = "SELECT action FROM app.audit WHERE tenant_id = $1 ORDER BY audit_id"
    assert [row["action"] for row in await desk.rows(actions)] == ["hold.raised", "hold.joined"]
    assert not (await desk.hold(actor="account:other")).is_new
    assert len(await desk.rows(actions)) == 2, "it says nothing new"
    await desk.act(first.hold_id)
    assert (await desk.hold()).is_new


async def test_an_effect_that_is_repeated_raises_nothing_again_though_somebody_cleared_it(desk: Desk) -> None:
    mine, theirs = wanted(raise_key="a" * 64), wanted(raise_key="b" * 64)
    first = await desk.hold(mine)
    assert not (await desk.hold(theirs)).is_new
    await desk.act(first.hold_id)
    for one in (mine, theirs):
        repeated = await desk.hold(one)
        assert (repeated.hold_id, repeated.is_new, repeated.is_active) == (first.hold_id, False, False)
    assert (await desk.stands()).is_releasable


async def test_who_holds_an_order_that_had_gone_is_told_and_it_is_let_go_again_only_behind_that(desk: Desk) -> None:
    assert (await desk.release()).is_released
    late = await desk.hold()
    assert late.after_release
    assert not (await desk.hold(wanted("incomplete"))).after_release, "the first one has called it back"
    assert not (await desk.release()).is_released


@pytest.mark.parametrize("on", ["order", "customer"])
@pytest.mark.parametrize("first", ["hold", "release"])
async def test_a_hold_and_a_release_at_once_come_one_after_the_other(desk: Desk, on: str, first: str) -> None:
    """Each is in a transaction of its own, and the second waits for the first one's commit."""
    what = wanted() if on == "order" else on_customer()

    async def hold(connection: Any) -> Any:
        return await raising.raise_hold(connection, desk.tenant, what, actor="account:maker")

    async def release(connection: Any) -> Any:
        return await releasing.release(connection, desk.tenant, ORDER, CUSTOMER, waiter())

    early, late = (hold, release) if first == "hold" else (release, hold)

    async def behind() -> Any:
        async with desk.database.tenant(desk.tenant) as connection:
            return await late(connection)

    async with asyncio.timeout(PATIENCE):
        async with desk.database.tenant(desk.tenant) as connection:
            before = await early(connection)
            waiting = asyncio.create_task(behind())
            while not await desk.rows("SELECT 1 FROM pg_locks WHERE NOT granted AND $1::uuid IS NOT NULL"):
                assert not waiting.done(), "it passed"
                await asyncio.sleep(0.01)
        after = await waiting
    raised, released = (before, after) if first == "hold" else (after, before)
    assert released.is_released == (first == "release")
    assert raised.after_release == (first == "release" and on == "order")


async def test_of_many_holds_and_releases_at_once_no_order_goes_that_is_held_and_nobody_told(desk: Desk) -> None:
    orders = [f"SO-{number}" for number in range(12)]
    done = await asyncio.gather(
        *[asyncio.gather(desk.hold(wanted(on=one)), desk.release(one), desk.release(one)) for one in orders]
    )
    for raised, *released in done:
        assert raised.after_release == any(one.is_released for one in released)
    waits = await desk.rows("SELECT count(*) FROM app.hold_wait WHERE tenant_id = $1")
    assert waits[0][0] == sum(not one.is_released for _, *released in done for one in released)
