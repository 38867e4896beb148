"""How far sales of Tryton are, without a Tryton: its states, those of shipments and invoices, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from services.connectors.builtin.tryton import sales, states, watched
from services.connectors.builtin.tryton.place import instant, shown, tagged
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.watching import Item, Position, Unfit
from services.records.folding import Sight, course
from template_library import status_maps
from template_library.status_maps import UnmappedStatus

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
MARK = "#0123456789abcdef"
UNIT = {"unit.": {"symbol": "u"}, "unit_price": Decimal("12.99")}


class Books:
    """Sales by their id, of a line each that leaves in one shipment; `shipments`: the state of each, by its id."""

    def __init__(self) -> None:
        self.sales: dict[int, dict[str, Any]] = {}
        self.shipments: dict[int, str] = {}
        self.log: list[dict[str, Any]] = []
        self.quantity = 2.0

    def sell(self, number: int, state: str = "processing", **members: Any) -> None:
        at = tagged(BEGAN + timedelta(seconds=number))
        self.sales[number] = {
            "id": number, "number": f"S-{number}", "reference": f"PO-{number} {MARK}", "state": state,
            "shipment_state": "waiting", "invoice_state": "none", "lines": [number], "shipments": [],
            "party.": {"code": "ACME-001", "name": "Acme Wholesale"}, "currency.": {"code": "USD"},
            "create_date": at, "write_date": at, **members,
        }  # fmt: skip

    def send(self, number: int, state: str) -> None:
        self.shipments[number] = state
        self.sales[number]["shipments"] = [number]

    def become(self, number: int, state: str, seconds: float) -> None:
        """As Tryton's log has it; of the sale nothing changes by that."""
        self.send(number, state)
        row = {"resource": f"stock.shipment.out,{number}", "target": f"state:{state}"}
        self.log.append({**row, "create_date": tagged(BEGAN + timedelta(seconds=seconds))})

    async def model(self, name: str, domain: list[Any], *_: Any) -> Any:
        if name == "ir.model.log.search_read":
            return [one for one in self.log if one["resource"] in domain[0][2] and one["target"] in domain[2][2]]
        if name == "sale.sale.search_read":
            return self._sales(domain)
        if name == "stock.shipment.out.search_read":
            known = self.shipments.items()
            return [{"id": one, "state": state} for one, state in known if {one, state} & set(domain[0][2])]
        return self._parts(name, domain[0][2])

    def _sales(self, domain: list[Any]) -> list[dict[str, Any]]:
        (name, _, value), *behind = domain
        if name == "reference":
            found = (one for one in self.sales.values() if one["state"] != "cancelled")
            return [one for one in found if one["reference"] in value]
        if name != "number":
            return []
        rows = [dict(one) for one in self.sales.values()]
        if not behind or behind[0][2] is None:
            return rows
        if behind[0][0] == "shipments":
            return [one for one in rows if set(one["shipments"]) & set(behind[0][2]) and one["id"] not in behind[1][2]]
        return [one for one in rows if instant(one["write_date"]) > instant(behind[0][2])]

    def _parts(self, name: str, wanted: list[int]) -> list[dict[str, Any]]:
        ids = [one for one in wanted if one in self.sales]
        if name == "stock.move.search_read":
            return [{"id": one, "state": "draft", "shipment": f"stock.shipment.out,{one}"} for one in ids]
        assert name == "sale.line.search_read"
        item = {"product.": {"code": "SKU-1", "name": "Bearing"}, "type": "line", "quantity": self.quantity}
        charge = {"id": 900, "moves": [], **item, **UNIT, "product.": None}
        return [
            *({"id": one, "moves": [one] if one in self.shipments else [], **item, **UNIT} for one in ids),
            *([charge] if 900 in wanted else []),
        ]

    async def watch(self, cursor: str | None = None) -> dict[str, Any]:
        return await sales.watch({} if cursor is None else {"cursor": cursor}, cast("Rpc", self))


def of(answer: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """The states of each order and of its line, by its number."""
    return {
        one["order"]["number"]: (one["order"]["state"], one["order"]["lines"][0].get("state"))
        for one in answer["sales"]
    }


@pytest.mark.parametrize("status_map", [states.ORDERS, states.LINES])
def test_the_maps_say_something_of_each_status(status_map: status_maps.StatusMap) -> None:
    assert status_maps.faults(status_map) == []


@pytest.mark.parametrize(
    ("members", "sent", "state", "line"),
    [
        ({"state": "draft"}, None, "captured", None),
        ({"state": "quotation"}, None, "captured", None),
        ({"state": "confirmed"}, None, "released", None),
        ({"state": "cancelled"}, None, "cancelled", None),
        ({"state": "done"}, "done", "closed", "shipped"),
        ({}, None, "released", None),
        ({"shipment_state": "none"}, None, "released", None),
        ({"shipment_state": "none", "invoice_state": "awaiting payment"}, None, "invoiced", None),
        ({}, "draft", "released", "released"),
        ({}, "waiting", "released", "released"),
        ({}, "assigned", "allocated", "allocated"),
        ({}, "picked", "picked", "picked"),
        ({}, "packed", "packed", "packed"),
        ({}, "shipped", "shipped", "shipped"),
        ({}, "done", "shipped", "shipped"),
        ({"invoice_state": "awaiting payment"}, "shipped", "shipped", "shipped"),
        ({"shipment_state": "partially shipped"}, "done", "packed", "shipped"),
        ({"shipment_state": "partially shipped"}, "shipped", "shipped", "shipped"),
        ({"shipment_state": "sent", "invoice_state": "pending"}, "done", "shipped", "shipped"),
        ({"shipment_state": "sent", "invoice_state": "awaiting payment"}, "done", "invoiced", "shipped"),
        ({"shipment_state": "sent", "invoice_state": "partially paid"}, "done", "invoiced", "shipped"),
        ({"shipment_state": "exception"}, "cancelled", "held", "cancelled"),
        ({"shipment_state": "sent", "invoice_state": "exception"}, "done", "held", "shipped"),
    ],
)
async def test_each_state_of_a_sale_stands_for_one_of_the_model(
    members: dict[str, Any], sent: str | None, state: str, line: str | None
) -> None:
    books = Books()
    books.sell(1, **{"state": "processing", **members})
    if sent:
        books.send(1, sent)
    assert of(await books.watch()) == {"PO-1": (state, line)}


async def test_what_is_shipped_and_then_done_is_delivered_and_neither_step_is_lost() -> None:
    """By `ship` nothing of the sale changes in Tryton; by `do` it is sent."""
    books = Books()
    for number in (1, 2):
        books.sell(number)
        books.send(number, "packed")
    first = await books.watch(shown(BEGAN))
    assert of(first) == {"PO-1": ("packed", "packed"), "PO-2": ("packed", "packed")}
    after = shown(BEGAN + timedelta(seconds=30))
    books.become(1, "shipped", 60)
    left = await books.watch(after)
    assert of(left) == {"PO-1": ("shipped", "shipped")}
    (sale,) = left["sales"]
    assert sale["at"] == sale["version"] == shown(BEGAN + timedelta(seconds=60))
    for number in (1, 2):
        books.become(number, "done", 90)
        books.sell(number, shipment_state="sent", shipments=[number])
    assert of(await books.watch()) == {"PO-1": ("delivered", "delivered"), "PO-2": ("shipped", "shipped")}
    books.sell(1, shipment_state="sent", invoice_state="awaiting payment", shipments=[1])
    assert of(await books.watch())["PO-1"] == ("invoiced", "delivered")
    states_told = ["released", "packed", "shipped", "delivered", "invoiced", "closed"]
    sights = [Sight(f"2026-03-02T09:{n:02}:00Z", str(n), "tryton", {"": one}) for n, one in enumerate(states_told)]
    assert course(sights).refused == {}


async def test_what_was_taken_back_and_sent_off_at_once_is_not_delivered() -> None:
    books = Books()
    books.sell(1, shipment_state="sent")
    for second, state in enumerate(("shipped", "cancelled", "draft", "waiting", "done")):
        books.become(1, state, second)
    assert of(await books.watch()) == {"PO-1": ("shipped", "shipped")}


def test_of_a_line_in_two_shipments_the_last_counts() -> None:
    assert states.of_line(["done", "waiting"]) == "packed"
    assert states.of_line(["picked", "assigned", "cancelled"]) == "allocated"
    assert states.of_line([]) is None
    with pytest.raises(UnmappedStatus):
        states.of_line(["done", "teleported"])


@pytest.mark.parametrize(
    ("members", "sent", "status"),
    [
        ({"state": "teleported"}, None, "teleported"),
        ({"shipment_state": "in orbit"}, None, "processing, in orbit"),
        ({"shipment_state": "sent", "invoice_state": "lost"}, None, "processing, lost"),
        ({}, "beamed", "processing, beamed"),
        ({"state": "done"}, "beamed", "beamed"),
    ],
)
async def test_a_state_that_stands_for_none_is_told_and_the_watch_goes_on(
    members: dict[str, Any], sent: str | None, status: str
) -> None:
    books = Books()
    books.sell(1, **{"state": "processing", **members})
    books.sell(2)
    if sent:
        books.send(1, sent)
    answer = await books.watch()
    assert of(answer) == {"PO-2": ("released", None)}
    assert [(one["id"], one["status"]) for one in answer["unfit"]] == [("S-1", status)]
    position = Position(cursor=None, began=shown(BEGAN))
    news = await watched.POLLS["orders"].reads(answer, position, {}, cast("Any", None))
    fit, unfit = news.items
    assert isinstance(fit, Item)
    assert isinstance(unfit, Unfit)
    assert (fit.id, fit.subject, fit.data["state"]) == ("S-2", "PO-2", "released")
    assert fit.version == fit.time == shown(BEGAN + timedelta(seconds=2))
    assert unfit.status == status
    assert answer["cursor"].endswith(";;1"), "it is looked at again with the next call"


async def test_what_an_attempt_left_beside_the_sale_says_nothing_of_the_order() -> None:
    books = Books()
    books.sell(1, "cancelled", reference=f"PO-1 {MARK}")
    books.sell(2, "confirmed", reference=f"PO-1 {MARK}")
    books.sell(3, "quotation", reference=f"PO-3 {MARK} refused")
    books.sell(4, "cancelled")
    assert of(await books.watch()) == {"PO-1": ("released", None), "PO-4": ("cancelled", None)}


async def test_a_charge_by_itself_is_no_line_of_the_order() -> None:
    books = Books()
    books.sell(1, lines=[1, 900])
    books.sell(2, lines=[900])
    (sale,) = (await books.watch())["sales"]
    assert [one["line"] for one in sale["order"]["lines"]] == ["1"]


async def test_a_sale_that_takes_goods_back_is_no_order() -> None:
    books = Books()
    books.sell(1)
    books.quantity = -2.0
    answer = await books.watch()
    assert (answer["sales"], "unfit" in answer) == ([], False)


async def test_a_sale_that_was_confirmed_does_not_become_a_draft() -> None:
    books, sights = Books(), []
    for minute, state in enumerate(("quotation", "confirmed", "draft")):
        books.sell(1, state)
        (told,) = of(await books.watch()).values()
        sights.append(Sight(f"2026-03-02T09:{minute:02}:00Z", str(minute), "tryton", {"": told[0]}))
    found = course(sights)
    assert found.states == {"": "released"}
    assert [one.cause for one in found.refused.values()] == ["forbidden-transition"]
