"""One order is one sale: of runs that want to sell it one does, and the others see which."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from services.engine import operating
from services.engine.claims import Claim, Claims
from services.engine.functions import Answer, Call, Done, Failed, Later
from services.engine.recovery import sweep
from services.holds.function import NAME, HoldsFunction
from tests.services.holds.holding import CUSTOMER, ORDER, Desk, wanted
from tests.world import World, deploy, start_runs

RESTING: Final = """
document: {dsl: '1.0.3', namespace: tests, name: resting, version: 1.0.0}
do:
  - rest: {wait: PT1H}
"""
CONTENT: Final = {"lines": [{"item": "SKU-1", "quantity": 2}]}
OTHER: Final = {"lines": [{"item": "SKU-1", "quantity": 3}]}


class Shop:
    """Runs of one tenant that sell; each is in a worker's hands."""

    def __init__(self, app: Database, worker: Database, world: World) -> None:
        self.app, self.worker, self.world = app, worker, world
        self.function = HoldsFunction(worker)
        self.desk = Desk(worker, world.tenant_id)

    async def runs(self, count: int) -> list[Claim]:
        await deploy(self.app, self.world.tenant_id, RESTING, event_type="order.captured")
        await start_runs(self.app, self.world.tenant_id, count)
        return await Claims(self.worker, "test", 3_600).take(count)

    async def call(self, by: Claim, do: str, **given: Any) -> Answer:
        arguments = {"do": do, "order": ORDER, "customer": CUSTOMER, **given}
        return await self.function(
            Call(
                function=NAME,
                arguments=arguments,
                reference=f"/do/0/{do}",
                key=f"{by.run_id.hex}{do}",
                tenant=self.world.tenant_id,
                run=by.run_id,
                fence=by.fence,
            )
        )

    async def claim(self, by: Claim, content: Any = CONTENT, **given: Any) -> Answer:
        return await self.call(by, "claim", content=content, **given)

    async def sold(self, by: Claim, sale: str = "S-1") -> Answer:
        return await self.call(by, "sold", sale=sale)

    async def cancel(self, run: UUID) -> None:
        async with self.app.tenant(self.world.tenant_id) as connection:
            await operating.cancel(connection, self.world.tenant_id, run, "account:kim")

    async def older(self, days: int) -> None:
        await self.desk.rows(
            "UPDATE app.order_sale SET taken_at = taken_at - make_interval(days => $2), "
            "sold_at = sold_at - make_interval(days => $2) WHERE tenant_id = $1 RETURNING true",
            days,
        )


@pytest.fixture
def shop(app_database: Database, worker_database: Database, world: World) -> Shop:
    return Shop(app_database, worker_database, world)


def answered(answer: Answer) -> Any:
    assert isinstance(answer, Done), answer
    return answer.output


def earlier(answer: Answer) -> tuple[str, str | None, bool | None]:
    """Of a claim that was refused: how the earlier one stands, its sale, and whether it was the same."""
    output = answered(answer)
    assert not output["claimed"]
    return output["earlier"]["status"], output["earlier"]["sale"], output["earlier"]["same"]


async def test_F_13_of_many_runs_that_claim_one_order_at_once_one_sells_it_and_the_others_see_which(shop: Shop) -> None:
    runs = await shop.runs(12)
    answers = await asyncio.gather(*[shop.claim(one) for one in runs])
    (seller,) = [run for run, answer in zip(runs, answers, strict=True) if isinstance(answer, Done)]
    others = [run for run in runs if run is not seller]
    for answer in answers:
        if isinstance(answer, Later):
            assert (answer.parked, answer.line, answer.ref) == (True, "hold", ORDER)
            assert ids.show("run", seller.run_id) in answer.reason
    assert answered(await shop.claim(seller)) == {"claimed": True, "earlier": None}, "again, by the same run"
    waits = "SELECT run_id FROM app.hold_wait WHERE tenant_id = $1 AND wake_at IS "
    assert len(await shop.desk.rows(waits + "NULL")) == len(others)
    assert answered(await shop.sold(seller)) == {"order": ORDER, "sale": "S-1"}
    assert {row["run_id"] for row in await shop.desk.rows(waits + "NOT NULL")} == {one.run_id for one in others}
    for answer in await asyncio.gather(*[shop.claim(one) for one in others]):
        assert earlier(answer) == ("sold", "S-1", True)
        assert answered(answer)["earlier"]["run"] == ids.show("run", seller.run_id)
    assert await shop.desk.rows("SELECT 1 FROM app.hold_wait WHERE tenant_id = $1") == []
    assert len(await shop.desk.rows("SELECT 1 FROM app.order_sale WHERE tenant_id = $1")) == 1


async def test_F_03_a_worker_that_dies_between_the_sale_and_its_note_leaves_the_order_to_its_run(shop: Shop) -> None:
    await deploy(shop.app, shop.world.tenant_id, RESTING, event_type="order.captured")
    await start_runs(shop.app, shop.world.tenant_id, 1)
    (dead,) = await Claims(shop.worker, "dying", 0).take(1)
    assert answered(await shop.claim(dead))["claimed"]
    await sweep(shop.worker, 3, 0)
    (alive,) = await Claims(shop.worker, "test", 3_600).take(1, solo=True)
    assert (alive.run_id, alive.fence == dead.fence) == (dead.run_id, False)
    await start_runs(shop.app, shop.world.tenant_id, 1)
    (other,) = await Claims(shop.worker, "test", 3_600).take(1)
    assert isinstance(await shop.claim(other), Later)
    late = await shop.sold(dead, "S-late")
    assert isinstance(late, Later)
    assert "other hands" in late.reason
    assert isinstance(await shop.claim(other), Later), "what a dead worker says late is nothing (F-02)"
    assert answered(await shop.claim(alive))["claimed"]
    assert answered(await shop.sold(alive))["sale"] == "S-1"
    assert earlier(await shop.claim(other)) == ("sold", "S-1", True)


async def test_the_same_is_what_is_equal_in_any_order_of_members(shop: Shop) -> None:
    first, second = await shop.runs(2)
    await shop.claim(first, {"a": 1, "b": [1, 2]})
    await shop.sold(first)
    assert earlier(await shop.claim(second, {"b": [1, 2], "a": 1})) == ("sold", "S-1", True)
    assert earlier(await shop.claim(second, {"b": [2, 1], "a": 1})) == ("sold", "S-1", False)


async def test_two_customers_may_use_one_number_and_one_customer_two(shop: Shop) -> None:
    first, second, third = await shop.runs(3)
    assert answered(await shop.claim(first))["claimed"]
    assert answered(await shop.claim(second, customer="C-2"))["claimed"]
    assert answered(await shop.claim(third, order="SO-2"))["claimed"]


async def test_a_number_may_come_again_when_its_days_are_over_but_never_while_it_is_being_sold(shop: Shop) -> None:
    first, second, third = await shop.runs(3)
    await shop.claim(first)
    await shop.older(100)
    assert isinstance(await shop.claim(second, within_days=30), Later)
    await shop.sold(first)
    await shop.older(29)
    assert earlier(await shop.claim(second, within_days=30)) == ("sold", "S-1", True)
    await shop.older(1)
    assert earlier(await shop.claim(second)) == ("sold", "S-1", True), "without days it counts for ever"
    assert answered(await shop.claim(second, OTHER, within_days=30))["claimed"]
    assert isinstance(await shop.claim(third, within_days=30), Later), "it is the second one's now"
    assert answered(await shop.sold(second, "S-2"))["sale"] == "S-2"
    assert earlier(await shop.claim(third, OTHER, within_days=30)) == ("sold", "S-2", True)


async def test_of_a_run_that_ended_without_a_word_nobody_knows_until_a_person_says(shop: Shop) -> None:
    first, second, third = await shop.runs(3)
    await shop.claim(first)
    assert isinstance(await shop.claim(second), Later)
    await shop.cancel(first.run_id)
    assert earlier(await shop.claim(second)) == ("unfinished", None, True)
    named = {"run": ids.show("run", first.run_id), "status": "unfinished"}
    assert earlier(await shop.claim(second, instead_of=named | {"status": "sold"}))[0] == "unfinished"
    assert answered(await shop.claim(second, instead_of=named))["claimed"]
    assert isinstance(await shop.claim(third, instead_of=named), Later), "that one is another run's by now"


async def test_what_a_person_judged_and_what_has_sold_since_is_not_the_same(shop: Shop) -> None:
    first, second = await shop.runs(2)
    judged = {"run": ids.show("run", first.run_id), "status": "unfinished"}
    await shop.claim(first)
    assert isinstance(await shop.claim(second, instead_of=judged), Later), "it was retried, and is under way"
    await shop.sold(first)
    assert earlier(await shop.claim(second, instead_of=judged)) == ("sold", "S-1", True)
    assert answered(await shop.claim(second, instead_of=judged | {"status": "sold"}))["claimed"]


async def test_a_sale_of_an_order_that_another_run_has_taken_up_since_is_never_silent(shop: Shop) -> None:
    first, second = await shop.runs(2)
    await shop.claim(first)
    await shop.sold(first)
    await shop.older(30)
    await shop.claim(second, within_days=30)
    late = await shop.sold(first, "S-9")
    assert isinstance(late, Failed)
    assert "another one has since" in late.error.detail
    (row,) = await shop.desk.rows("SELECT run_id, sale FROM app.order_sale WHERE tenant_id = $1")
    assert tuple(row) == (second.run_id, None)


async def test_what_is_held_later_changes_nothing_of_what_is_sold(shop: Shop) -> None:
    (run,) = await shop.runs(1)
    await shop.call(run, "wait")
    await shop.claim(run)
    await shop.sold(run)
    late = await shop.desk.hold(wanted("stock"))
    assert late.after_release
    told = answered(await shop.call(run, "check", content=CONTENT, within_days=30))
    assert (told["releasable"], told["sold"]["status"], told["sold"]["same"]) == (False, "sold", True)
    await shop.desk.act(late.hold_id)
    assert answered(await shop.call(run, "check"))["sold"]["sale"] == "S-1"


@pytest.mark.parametrize(
    ("told", "claimed"),
    [
        ([("cancelled", 1)], "claimed"),
        ([("released", 1), ("cancelled", 2)], "claimed"),
        ([("cancelled", -1)], "sold"),
        ([("cancelled", 1), ("released", 2)], "sold"),
        ([("released", 1)], "sold"),
    ],
)
async def test_an_order_that_systems_say_was_cancelled_since_does_not_count(
    shop: Shop, told: list[tuple[str, int]], claimed: str
) -> None:
    first, second = await shop.runs(2)
    await shop.claim(first)
    await shop.sold(first)
    await record(shop)
    for state, minutes in told:
        await saw(shop, state, minutes)
    output = answered(await shop.claim(second))
    assert ("claimed" if output["claimed"] else output["earlier"]["status"]) == claimed


RECORD: Final = ids.new()


async def record(shop: Shop) -> None:
    """A sales order that is known by the order's number."""
    tenant = shop.world.tenant_id
    async with shop.app.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.mapping (tenant_id, name, version, document, made_by, released_by, released_at, whole) "
            "VALUES ($1, 'sales', 1, '{}', 'x', 'x', now(), '{}')",
            tenant,
        )
    async with shop.worker.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.entity (tenant_id, entity_id, kind, created_by) VALUES ($1, $2, 'sales-order', 'x')",
            tenant,
            RECORD,
        )
        await connection.execute(
            "INSERT INTO app.entity_key (tenant_id, kind, system, id, entity_id, linked_by) "
            "VALUES ($1, 'sales-order', 'erp', $2, $3, 'x')",
            tenant,
            ORDER,
            RECORD,
        )


async def saw(shop: Shop, state: str, minutes: int) -> None:
    async with shop.worker.tenant(shop.world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.sighting (tenant_id, sighting_id, entity_id, event_id, mapping, version, system, type, "
            "source, at, states) VALUES ($1, $2, $3, $4, 'sales', 1, 'erp', 'erp.order', '/erp', "
            "clock_timestamp() + make_interval(mins => $5), json_build_object('', $6::text))",
            shop.world.tenant_id,
            ids.new(),
            RECORD,
            ids.new(),
            minutes,
            state,
        )
