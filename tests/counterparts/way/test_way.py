"""An order of a real shop is a sale in the real Tryton; its shipment and invoice come back, its dispute is a ticket.

The second test does the same while workers are killed, answers lost and webhooks doubled and delayed: nothing differs
in the end (F-01, F-02, F-03).
"""

from __future__ import annotations

import asyncio
import subprocess
from typing import Any, Final

import pytest

from infra import clock
from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.tryton.people import People
from tests.counterparts.way.landscape import MAPPINGS, Way
from tests.counterparts.way.shops import Order, Shop
from tests.faults.deaths import crashes
from tests.faults.plant import end

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

PIECES: Final = 3
CENTS: Final = 1999
LINES: Final = [
    "told shop.order",
    "began order-release",
    "called erp.customers.credit confirmed",
    "called erp.items.availability confirmed",
    "called erp.sales-orders.create confirmed",
    "ended order-release completed",
    "told shipment.dispatched",
    "began {teller}",
    "called shop.orders.find confirmed",
    "called shop.orders.get confirmed",
    "called shop.orders.fulfil confirmed",
    "called shop.fulfilments.ship confirmed",
    "ended {teller} completed",
    "told invoice.posted",
    "began tell-invoice",
    "called shop.orders.find confirmed",
    "called shop.orders.invoice confirmed",
    "ended tell-invoice completed",
    "told shop.dispute",
    "began open-ticket",
    "called desk.tickets.create confirmed",
    "ended open-ticket completed",
]
"""What the timeline tells, in its order."""
KINDS: Final = frozenset({"told", "began", "called", "ended"})
DEATHS: Final = {
    "order": "poll.answered poll.committed call.answered records.before records.committed "
    "call.before~/do/7/create-sale call.answered~/do/7/create-sale checkpoint.before end.before",
    "shipment": "poll.answered poll.committed records.before claim.committed call.answered~/do/3/tell-shop "
    "checkpoint.committed",
    "invoice": "poll.committed records.committed call.before~/do/2/tell-shop call.answered~/do/2/tell-shop "
    "end.committed",
    "dispute": "records.before call.answered end.before",
}
"""Where workers die while each of these is on its way."""
DISPUTE: Final = {
    "kind": "shortage",
    "reason": "One of three is missing.",
    "total": {"amount": CENTS, "currency": "USD"},
    "email": "buyer@shop.example",
}


class Course:
    """One order on its way, with whatever is done to the product in between."""

    def __init__(self, way: Way, shop: Shop, erp: People, desk: Caller) -> None:
        self.way = way
        self.shop = shop
        self.erp = erp
        self.desk = desk

    async def disturbed(self, what: str) -> None:
        """Nothing, unless somebody does something. Who is in the shop while its database is one file is in the way."""
        if what == "order":
            self.way.plant.start_worker()

    async def twice(self, hook: str, body: dict[str, Any]) -> None:
        """As a sender that got no answer."""
        assert [await self.way.webhook(hook, body) for _ in range(2)] == [202, 200]

    async def run(self) -> None:
        """The whole way, and how everything stands behind it. Raises AssertionError."""
        order = await self.shop.buy(PIECES)
        await self.disturbed("order")
        await self.way.until(lambda: self.erp.sales(order.number), "the order is to be sold")
        await self.way.settled()
        shipment = await self.erp.ship(order.number)
        await self.disturbed("shipment")
        await self.way.until(lambda: self.shop.shipments(order), "the shop is to know of the shipment")
        await self.way.settled()
        invoice = await self.erp.charge(order.number)
        await self.disturbed("invoice")
        await self.way.until(lambda: self.shop.invoices(order), "the shop is to know of the invoice")
        await self.way.settled()
        dispute = {"number": f"D-{order.number}", "order": order.number, **DISPUTE, "at": clock.now().isoformat()}
        await self.twice("disputes", dispute)
        await self.disturbed("dispute")
        await self.way.until(lambda: self._tickets(order), "the desk is to have a ticket")
        # Late, and by the other way: what the shop has told long ago.
        await self.twice("notices", {"id": order.id, "number": order.number})
        assert await self.way.webhook("disputes", dispute) == 200
        await self.way.settled()
        await self._stands(order, shipment, invoice)

    async def _tickets(self, order: Order) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.desk.done("desk.tickets.search", {"reference": order.number}))[
            "tickets"
        ]
        return found

    async def _stands(self, order: Order, shipment: str, invoice: str) -> None:
        (sale,) = await self.erp.sales(order.number)
        assert sale["total_amount"] * 100 == PIECES * CENTS
        assert await self.shop.shipments(order) == [(shipment, PIECES)]
        (told,) = await self.shop.invoices(order)
        assert told.startswith(f"Invoice {invoice} of ")
        (ticket,) = await self._tickets(order)
        assert (ticket["state"], ticket["requester"]) == ("new", DISPUTE["email"])
        lines = await self.way.timeline(order.number)
        # Vendure says itself that an order is shipped, when it has heard of the shipment.
        first, *later = [one for one in lines if one["type"] == "shop.order" and one["what"] == "told"]
        assert first["states"] == {"": "captured"}
        assert [one["states"] for one in later] == [{"": "shipped"} for _ in later]
        assert {one["mapping"] for one in lines if one["what"] == "told"} == set(MAPPINGS)
        told_of = [shown(one) for one in lines if one not in later and one["what"] in KINDS]
        assert told_of == expected(self.shop)


class Hard(Course):
    """Workers die at every point of the way, answers of the systems are lost."""

    def __init__(self, way: Way, shop: Shop, erp: People, desk: Caller, proxies: dict[str, Proxy]) -> None:
        super().__init__(way, shop, erp, desk)
        self.proxies = proxies
        self.lost: dict[str, tuple[str, str, Fault]] = {
            "order": ("erp", "model.sale.sale.confirm", "answer-lost"),
            "shipment": ("shop", shop.tells_shipment, "answer-lost"),
            "invoice": ("shop", shop.tells_invoice, "answer-lost"),
            "dispute": ("desk", "POST /REST/2.0/ticket ", "answer-lost"),
        }

    async def disturbed(self, what: str) -> None:
        for worker in self.way.plant.workers:
            end(worker)
        system, text, fault = self.lost[what]
        self.proxies[system].once(text, fault)
        for point in DEATHS[what].split():
            changes = {"WAYBILL_SOLO_DEATHS": "99", "WAYBILL_WORKER_SLOTS": "2"}
            await self.way.hurry(all_dead=True)
            worker = self.way.plant.start_worker(point, changes=changes)
            await self._dead(worker, point.partition("~")[0])
        self.way.plant.start_worker()

    async def _dead(self, worker: subprocess.Popen[bytes], point: str) -> None:
        """A run that met some deaths is taken by a child alone, which dies in the worker's place: then both go."""
        async with asyncio.timeout(240):
            while not crashes(self.way.plant, worker)[point]:
                await asyncio.sleep(0.1)
        end(worker)


@pytest.fixture
def course(way: Way, shop: tuple[Shop, int], erp: People, desk: Caller) -> Course:
    return Course(way, shop[0], erp, desk)


@pytest.fixture
def hard(way: Way, shop: tuple[Shop, int], erp: People, desk: Caller, proxies: dict[str, Proxy]) -> Hard:
    return Hard(way, shop[0], erp, desk, proxies)


async def test_an_order_of_a_shop_is_sold_shipped_charged_and_disputed_and_the_timeline_tells_it(
    course: Course,
) -> None:
    await course.run()


async def test_F_01_killed_doubled_delayed_and_with_answers_lost_the_end_is_the_same(hard: Hard) -> None:
    await hard.run()
    assert all(proxy.met for proxy in hard.proxies.values()), "an answer was to be lost of each system"


def expected(shop: Shop) -> list[str]:
    """What the timeline tells of an order of this shop."""
    own = [one for one in LINES if shop.ships or "fulfilments.ship" not in one]
    return [one.format(teller=shop.teller.replace("_", "-")) for one in own]


def shown(line: dict[str, Any]) -> str:
    parts = {
        "told": (line["type"],),
        "began": (line["name"],),
        "called": (line["operation"], line["outcome"]),
        "ended": (line["name"], line["outcome"]),
    }[line["what"]]
    return " ".join((line["what"], *parts))
