"""How far Tryton's sales are, taken into records: what its watch tells, the event, a mapping, the order's states."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final, cast

import pytest

from infra.database import Database, Scope
from services.connectors.builtin.tryton import watched
from services.connectors.builtin.tryton.place import shown, tagged
from services.connectors.polling import arrivals
from services.connectors.sdk.watching import Position
from services.records import merging, reading
from services.records.keys import Key
from services.records.meeting import Named, find
from tests.services.connectors.builtin.test_tryton_sales import BEGAN, Books
from tests.services.records.side import ACTOR, RECORD, Side, mapping, side, told

WATCHED: Final = watched.POLLS["orders"]
TAKES: Final = {
    "record": "sales-order",
    "system": "erp",
    "events": {WATCHED.event: None},
    "program": ".record",
    "at": "/at",
    "examples": [{"name": "one", "data": {"record": RECORD}, "record": RECORD}],
}
"""As the page of connectors has it: the record as it is, by its own moment."""

OF_THE_SHOPS: Final = {
    **TAKES,
    "names": {"sales-order": "shop"},
    "only": ["state"],
    "examples": [
        {"name": "one", "data": {"record": RECORD}, "record": {"number": RECORD["number"], "state": RECORD["state"]}}
    ],
}
"""As the way of an order has it: an order that the shop told whole, of which the ERP says how far it is."""


@pytest.fixture
async def shop(app_database: Database, worker_database: Database) -> AsyncIterator[Side]:
    async with side(app_database, worker_database) as found:
        yield found


class Erp:
    """Tryton's books with one sale, of the order PO-1, each change of it a minute after the one before."""

    def __init__(self, to: Side) -> None:
        self.books, self.to, self.minute = Books(), to, 0

    async def say(self, sale: str, shipment: str | None = None, **members: Any) -> None:
        """What the watch tells of all sales from the beginning on, as the poller hands it on."""
        self.minute += 1
        moment = tagged(BEGAN + timedelta(minutes=self.minute))
        self.books.sell(1, sale, write_date=moment, **members)
        if shipment is not None:
            self.books.become(1, shipment, 60 * self.minute)
        position = Position(cursor=None, began=shown(BEGAN))
        news = await WATCHED.reads(await self.books.watch(), position, {}, cast("Any", None))
        await self.to.send(*(arrivals._event(one, "/connections/erp/orders", WATCHED.event) for one in news.items))

    async def goes_the_whole_way(self) -> list[tuple[str, str | None]]:
        """The states of the order and of its line, by the record, at each step."""
        found = []
        for sale, shipment, members in (
            ("quotation", None, {}),
            ("processing", "waiting", {}),
            ("processing", "assigned", {}),
            ("processing", "picked", {}),
            ("processing", "packed", {}),
            ("processing", "shipped", {}),
            ("processing", "done", {"shipment_state": "sent"}),
            ("processing", "done", {"shipment_state": "sent", "invoice_state": "awaiting payment"}),
            ("done", "done", {}),
        ):
            await self.say(sale, shipment, **members)
            record = (await self.to.known("PO-1", "erp")).record
            found.append((record["state"], record["lines"][0].get("state")))
        return found


WAY: Final = [
    ("captured", None),
    ("released", "released"),
    ("allocated", "allocated"),
    ("picked", "picked"),
    ("packed", "packed"),
    ("shipped", "shipped"),
    ("delivered", "delivered"),
    ("invoiced", "delivered"),
    ("closed", "delivered"),
]


async def test_each_step_of_a_sale_is_the_state_of_its_order_and_told_once(shop: Side) -> None:
    await shop.use("erp-orders", TAKES)
    erp = Erp(shop)
    assert await erp.goes_the_whole_way() == WAY
    assert [kind for kind, _ in await shop.told()] == [f"order.{state}" for state, _ in WAY]
    assert {data["number"] for _, data in await shop.told()} == {"PO-1"}
    assert await shop.exceptions() == []
    await erp.say("confirmed")
    ((cause, title),) = await shop.exceptions()
    assert (cause, "PO-1" in title) == ("forbidden-transition", True)
    assert (await shop.known("PO-1", "erp")).record["state"] == "closed"


async def test_a_shops_order_goes_on_by_what_the_erp_tells_of_it(shop: Side) -> None:
    """The shop says `captured` for ever. Of all else that the ERP has of the order nothing is taken."""
    await shop.use("orders", mapping())
    await shop.use("erp-orders", OF_THE_SHOPS)
    await shop.send(told(1, 0, no="PO-1"))
    before = (await shop.known("PO-1", "shop")).record
    assert [state for state, _ in await Erp(shop).goes_the_whole_way()] == [state for state, _ in WAY]
    assert (await shop.known("PO-1", "shop")).record == {**before, "state": "closed"}
    assert [kind for kind, _ in await shop.told()] == [f"order.{state}" for state, _ in WAY]
    assert {data["customer"] for _, data in await shop.told()} == {before["customer"]["id"]}
    assert await shop.exceptions() == []
    assert await keys(shop) == [("erp", "PO-1", "linked"), ("shop", "PO-1", "created")]


async def test_F_13_an_erp_that_is_first_is_told_when_the_shop_has_said_what_the_order_is(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.use("erp-orders", OF_THE_SHOPS)
    await Erp(shop).say("quotation")
    assert await shop.told() == []
    await shop.send(told(1, 0, no="PO-1"))
    assert [kind for kind, _ in await shop.told()] == ["order.captured"]
    assert (await shop.known("PO-1", "erp")).record == (await shop.known("PO-1", "shop")).record
    assert await keys(shop) == [("erp", "PO-1", "created"), ("shop", "PO-1", "linked")]


async def test_two_that_were_known_before_stay_apart_until_a_person_merges_them(shop: Side) -> None:
    """Nobody merges by guessing: numbers may be equal by chance until somebody says that they are not."""
    await shop.use("orders", mapping())
    await shop.use("erp-orders", TAKES)
    erp = Erp(shop)
    await shop.send(told(1, 0, no="PO-1"))
    await erp.say("quotation")
    await shop.use("erp-orders", OF_THE_SHOPS)
    await erp.say("processing", "waiting")
    ((cause, title),) = await shop.exceptions()
    assert cause == "master-data"
    assert title == "erp, sales-order PO-1: shop has one of this number that is kept apart; merge them"
    assert (await shop.known("PO-1", "shop")).record["state"] == "captured"
    await merged(shop)
    await erp.say("processing", "assigned")
    assert (await shop.known("PO-1", "shop")).record["state"] == "allocated"
    assert title not in [words for _, words in await shop.exceptions()]


async def test_what_a_person_splits_takes_along_what_was_said_and_stays_split(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.use("erp-orders", OF_THE_SHOPS)
    await shop.send(told(1, 0, no="PO-1"))
    erp = Erp(shop)
    await erp.say("processing", "done", shipment_state="sent")
    assert (await shop.known("PO-1", "shop")).record["state"] == "shipped"
    tenant = shop.world.tenant_id
    async with shop.app.tenant(tenant) as connection:
        its = await find(connection, tenant, Named("sales-order", Key("shop", "PO-1")))
    assert its is not None
    async with shop.app.session(Scope.tenant(tenant)) as session:
        found = await reading.find(session, tenant, its, lock=True)
        await merging.split(session, found, [Key("erp", "PO-1")], "another's", back_to=None, actor=ACTOR)
        await session.commit()
    assert (await shop.known("PO-1", "shop")).record["state"] == "captured"
    assert (await shop.known("PO-1", "erp")).record["state"] == "shipped"
    await erp.say("processing", "done", shipment_state="sent", invoice_state="awaiting payment")
    assert (await shop.known("PO-1", "shop")).record["state"] == "captured"
    assert (await shop.known("PO-1", "erp")).record["state"] == "invoiced"
    assert await shop.exceptions() == []


async def test_a_shop_that_is_behind_contradicts_nobody_and_one_that_goes_back_does(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.use("erp-orders", OF_THE_SHOPS)
    await shop.send(told(1, 0, no="PO-1"))
    await Erp(shop).goes_the_whole_way()
    await shop.send(told(2, 58, no="PO-1", status="sent"))
    assert await shop.exceptions() == []
    assert (await shop.known("PO-1", "shop")).record["state"] == "closed"
    await shop.send(told(3, 59, no="PO-1", status="ok"))
    ((cause, title),) = await shop.exceptions()
    assert (cause, "shop" in title) == ("forbidden-transition", True)


async def keys(shop: Side) -> list[tuple[str, str, str]]:
    """Each with what its line in the entity's history says; all preferred."""
    rows = await shop.rows(
        "SELECT k.system, k.id, c.what FROM app.entity_key k JOIN app.entity_change c USING (entity_id) "
        "WHERE c.keys::jsonb = jsonb_build_array(jsonb_build_array(k.system, k.id)) AND k.is_preferred ORDER BY 1, 2"
    )
    return [(row["system"], row["id"], row["what"]) for row in rows]


async def merged(shop: Side) -> None:
    tenant = shop.world.tenant_id
    async with shop.app.tenant(tenant) as connection:
        its, other = [
            await find(connection, tenant, Named("sales-order", Key(system, "PO-1"))) for system in ("shop", "erp")
        ]
    assert its is not None
    assert other is not None
    async with shop.app.session(Scope.tenant(tenant)) as session:
        found = await reading.find(session, tenant, its, lock=True)
        await merging.merge(session, found, other, "one order", actor=ACTOR)
        await session.commit()
