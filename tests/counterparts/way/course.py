"""One order on its way through all systems, and what stands in each of them and on its timeline in the end."""

from __future__ import annotations

from typing import Any, Final

from infra import clock
from tests.counterparts.calling import Caller
from tests.counterparts.tryton.people import People
from tests.counterparts.way.landscape import MAPPINGS, Way
from tests.counterparts.way.shops import Order, Shop

PIECES: Final = 3
CENTS: Final = 1999
LINES: Final = {
    "order": [
        "told shop.order",
        "began order-release",
        "called erp.customers.credit confirmed",
        "called erp.items.availability confirmed",
        "called erp.sales-orders.create confirmed",
        "ended order-release completed",
    ],
    "shipment": [
        "told shipment.dispatched",
        "began {teller}",
        "called shop.orders.find confirmed",
        "called shop.orders.get confirmed",
        "called shop.orders.fulfil confirmed",
        "called shop.fulfilments.ship confirmed",
        "ended {teller} completed",
    ],
    "invoice": [
        "told invoice.posted",
        "began tell-invoice",
        "called shop.orders.find confirmed",
        "called shop.orders.invoice confirmed",
        "ended tell-invoice completed",
    ],
    "dispute": [
        "told shop.dispute",
        "began open-ticket",
        "called desk.tickets.create confirmed",
        "ended open-ticket completed",
    ],
}
"""What the timeline tells of each part, in its order."""
PARTS: Final = tuple(LINES)
KINDS: Final = frozenset({"told", "began", "called", "ended"})
DISPUTE: Final = {
    "kind": "shortage",
    "reason": "One of three is missing.",
    "total": {"amount": CENTS, "currency": "USD"},
    "email": "buyer@shop.example",
}


class Course:
    """`run` is the whole way, with whatever a subclass does to the product in between."""

    def __init__(self, way: Way, shop: Shop, erp: People, desk: Caller) -> None:
        self.way = way
        self.shop = shop
        self.erp = erp
        self.desk = desk

    async def disturbed(self, what: str) -> None:
        """Nothing, unless somebody does something. Who is in the shop while its database is one file is in the way."""
        if what == "order":
            self.way.plant.start_worker()

    async def over(self, what: str) -> None:
        """Behind each part, when nothing is under way any more."""

    async def twice(self, hook: str, body: dict[str, Any]) -> None:
        """As a sender that got no answer."""
        assert [await self.way.webhook(hook, body) for _ in range(2)] == [202, 200]

    async def run(self) -> None:
        """The whole way, and how everything stands behind it. Raises AssertionError."""
        order = await self.shop.buy(PIECES)
        await self.disturbed("order")
        await self.way.until(lambda: self.erp.sales(order.number), "the order is to be sold")
        await self.way.settled()
        await self.over("order")
        shipment, invoice = await self.delivered(order)
        dispute = await self.disputed(order)
        # Late, and by the other way: what the shop has told long ago.
        await self.twice("shop", {"id": order.id, "number": order.number})
        assert await self.way.webhook("disputes", dispute) == 200
        await self.way.settled()
        await self._stands(order, shipment, invoice)

    async def delivered(self, order: Order) -> tuple[str, str]:
        """It is shipped and charged, and the shop is told; the numbers of shipment and invoice."""
        shipment = await self.erp.ship(order.number)
        await self.disturbed("shipment")
        await self.told_of_shipment(order)
        invoice = await self.erp.charge(order.number)
        await self.disturbed("invoice")
        await self.told_of_invoice(order)
        return shipment, invoice

    async def told_of_shipment(self, order: Order) -> None:
        await self.way.until(lambda: self.shop.shipments(order), "the shop is to know of the shipment")
        await self.way.settled()
        await self.over("shipment")

    async def told_of_invoice(self, order: Order) -> None:
        await self.way.until(lambda: self.shop.invoices(order), "the shop is to know of the invoice")
        await self.way.settled()
        await self.over("invoice")

    async def disputed(self, order: Order) -> dict[str, Any]:
        """The customer objects, and the desk has a ticket; what was sent."""
        dispute = {"number": f"D-{order.number}", "order": order.number, **DISPUTE, "at": clock.now().isoformat()}
        await self.twice("disputes", dispute)
        await self.disturbed("dispute")
        await self.way.until(lambda: self._tickets(order), "the desk is to have a ticket")
        await self.way.settled()
        await self.over("dispute")
        return dispute

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
        await self.way.until(lambda: self._is(order, "invoiced"), "the order is to be charged, as the ERP says")
        assert await self.way.contradictions() == []
        lines = await self.way.timeline(order.number)
        of_sale = [one for one in lines if one["type"] == "tryton.order"]
        lines = [one for one in lines if one not in of_sale]
        # How often the ERP is asked meanwhile decides how many of its states are heard.
        assert {one["mapping"] for one in of_sale} == {"erp-orders"}
        assert of_sale[-1]["states"] == {"": "invoiced"}
        # Vendure says itself that an order is shipped, when it has heard of the shipment.
        first, *later = [one for one in lines if one["type"] == "shop.order" and one["what"] == "told"]
        assert first["states"] == {"": "captured"}
        assert [one["states"] for one in later] == [{"": "shipped"} for _ in later]
        assert {one["mapping"] for one in lines if one["what"] == "told"} == {*MAPPINGS} - {"erp-orders"}
        told_of = [_shown(one) for one in lines if one not in later and one["what"] in KINDS]
        assert told_of == self._expected(), "\n".join(told_of)

    async def _is(self, order: Order, state: str) -> bool:
        return await self.way.state(order.number) == state

    def lines(self) -> list[str]:
        """What the timeline tells, in its order."""
        return [line for part in PARTS for line in LINES[part]]

    def _expected(self) -> list[str]:
        """What of it is told of an order of this shop."""
        own = [one for one in self.lines() if self.shop.ships or "fulfilments.ship" not in one]
        return [one.format(teller=self.shop.teller.replace("_", "-")) for one in own]


def _shown(line: dict[str, Any]) -> str:
    parts = {
        "told": (line["type"],),
        "began": (line["name"],),
        "called": (line["operation"], line["outcome"]),
        "ended": (line["name"], line["outcome"]),
    }[line["what"]]
    return " ".join((line["what"], *parts))
