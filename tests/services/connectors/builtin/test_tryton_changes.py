"""Watches of Tryton, without a Tryton: none is left out at the edge of a page, and an unfit one keeps no other back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.connectors.builtin.tryton import changes, invoices, shipments, watched
from services.connectors.builtin.tryton.place import MOST_AGAIN, Place, instant, shown, tagged
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.watching import Item, Position, Unfit

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
PAGE = 3


class Books:
    """Shipments of an item each, searched as Tryton searches; `between` is done once, behind the first page."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.units: dict[int, str] = {}
        self.log: dict[int, dict[str, float]] = {}
        self.between: Callable[[], None] = lambda: None

    def ship(self, number: int, seconds: float, unit: str = "u") -> None:
        self.rows[number] = {"id": number, "number": f"SHP-{number}", "state": "done", "outgoing_moves": [number]}
        self.rows[number] |= {"customer.": {"code": "ACME-001", "name": "Acme Wholesale"}}
        self.units[number] = unit
        self.change(number, seconds)

    def become(self, number: int, state: str, seconds: float) -> None:
        self.rows[number]["state"] = state
        self.log.setdefault(number, {})[state] = seconds
        self.change(number, seconds)

    def change(self, number: int, seconds: float) -> None:
        self.rows[number]["write_date"] = tagged(BEGAN + timedelta(seconds=seconds))

    async def model(self, name: str, *asked: Any) -> Any:
        if name == "sale.sale.search_read":
            return [{"id": 1, "reference": "PO-1", "number": "1", "lines": [], "shipments": asked[0][0][2]}]
        domain, _, most, *_ = asked
        if name == "ir.model.log.search_read":
            return [
                {"resource": name, "target": f"state:{state}", "create_date": tagged(BEGAN + timedelta(seconds=at))}
                for number, told in self.log.items()
                if (name := f"stock.shipment.out,{number}") in domain[0][2]
                for state, at in told.items()
            ]
        if name == "stock.move.search_read":
            return [self._move(one) for one in domain[0][2] if one in self.units]
        assert name == "stock.shipment.out.search_read"
        found = [one for one in self.rows.values() if all(_holds(part, one) for part in domain)]
        found.sort(key=lambda one: (instant(one["write_date"]), one["id"]))
        page = [dict(one) for one in found[:most]]
        between, self.between = self.between, lambda: None
        between()
        return page

    def _move(self, number: int) -> dict[str, Any]:
        item = {"product.": {"code": "SKU-1", "name": "Bearing"}, "origin": "sale.line,1"}
        item["state"] = "done" if self.rows[number]["state"] == "done" else "assigned"
        return {"id": number, "quantity": 2.0, "unit.": {"symbol": self.units[number]}, **item}

    async def watch(self, cursor: str | None = None) -> dict[str, Any]:
        return await shipments.watch({} if cursor is None else {"cursor": cursor}, cast("Rpc", self))


def _holds(part: list[Any], row: dict[str, Any]) -> bool:
    if part[0] == "OR":
        return any(_holds(one, row) for one in part[1:])
    if isinstance(part[0], list):
        return all(_holds(one, row) for one in part)
    name, relation, value = part
    if name == "state":
        return row[name] in value if "state" in row else True
    mine = row[name]
    if name == "write_date" and value is not None:
        mine, value = instant(mine), instant(value)
    if relation == "in":
        return mine in value
    return bool({">": lambda: mine > value, "=": lambda: mine == value, "!=": lambda: mine != value}[relation]())


def numbers(answer: dict[str, Any]) -> list[str]:
    return [one["number"] for one in answer["shipments"]]


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setattr(changes, "_PAGE", PAGE)
    return Books()


@pytest.mark.parametrize("apart", [0, 1])
async def test_what_changes_between_two_pages_leaves_none_out(books: Books, apart: int) -> None:
    for number in range(1, 8):
        books.ship(number, number * apart)
    books.between = lambda: books.change(1, 60)
    answer = await books.watch()
    assert sorted(numbers(answer)) == [f"SHP-{number}" for number in range(1, 8)], "each once"
    assert numbers(answer)[-1] == "SHP-1", "as it was last, in the order of the changes"


async def test_an_unfit_document_keeps_no_other_back_and_comes_once_what_hinders_is_mended(books: Books) -> None:
    for number in range(1, 6):
        books.ship(number, number, unit="box" if number == 2 else "u")
    first = await books.watch()
    assert numbers(first) == ["SHP-1", "SHP-3", "SHP-4", "SHP-5"]
    (unfit,) = first["unfit"]
    assert unfit["id"] == "SHP-2"
    assert "'box'" in unfit["why"]
    books.ship(6, 7200)
    second = await books.watch(first["cursor"])
    assert (numbers(second)[-1], second["unfit"]) == ("SHP-6", first["unfit"])
    third = await books.watch(second["cursor"])
    assert (numbers(third), third["unfit"]) == (["SHP-6"], first["unfit"]), "long before the cursor, and not forgotten"
    books.units[2] = "u"
    mended = await books.watch(third["cursor"])
    assert numbers(mended) == ["SHP-2", "SHP-6"]
    assert "unfit" not in mended
    assert Place.of(mended["cursor"]).again == ()


async def test_a_shipment_is_told_when_it_left_and_once_more_when_it_arrived(books: Books) -> None:
    for number in (1, 2, 3):
        books.ship(number, 1)
        books.become(number, "packed", 1)
    assert numbers(await books.watch()) == []
    books.become(1, "shipped", 10)
    left = await books.watch()
    (one,) = left["shipments"]
    assert (one["status"], one["dispatched_at"], "delivered_at" in one) == ("dispatched", moment(10), False)
    assert [line["quantity"] for line in one["lines"]] == [{"value": "2", "unit": "EA"}], "moves are not done yet"
    books.become(1, "done", 20)
    books.become(2, "done", 20)
    books.change(1, 500)
    told = {one["number"]: one for one in (await books.watch())["shipments"]}
    assert (told["SHP-1"]["status"], told["SHP-2"]["status"]) == ("delivered", "dispatched")
    assert (told["SHP-1"]["dispatched_at"], told["SHP-1"]["delivered_at"]) == (moment(10), moment(20))
    news = {}
    for trigger in ("shipments", "deliveries"):
        output, position = {"shipments": list(told.values()), "cursor": None}, Position(cursor=None, began=shown(BEGAN))
        found = await watched.POLLS[trigger].reads(output, position, {}, cast("Any", None))
        news[trigger] = [(one.id, one.version, one.time) for one in found.items if isinstance(one, Item)]
    left_at = [("SHP-2", "", moment(20)), ("SHP-1", "", moment(10))]
    assert sorted(news["shipments"]) == sorted(left_at)
    assert news["deliveries"] == [("SHP-1", "", moment(20))]


def moment(seconds: float) -> str:
    return shown(BEGAN + timedelta(seconds=seconds))


async def test_a_line_that_is_gone_is_that_document_s_alone(books: Books) -> None:
    books.ship(1, 1)
    books.ship(2, 2)
    del books.units[1]
    answer = await books.watch()
    assert numbers(answer) == ["SHP-2"]
    assert [one["id"] for one in answer["unfit"]] == ["SHP-1"]


async def test_the_poll_hands_the_fit_ones_on_and_tells_the_others(books: Books) -> None:
    books.ship(1, 1, unit="box")
    books.ship(2, 2)
    polled, position = watched.POLLS["shipments"], Position(cursor=None, began=BEGAN.isoformat())
    news = await polled.reads(await books.watch(), position, {}, cast("Any", None))
    fit, unfit = news.items
    assert isinstance(fit, Item)
    assert fit.id == "SHP-2"
    assert isinstance(unfit, Unfit)
    assert unfit.detail.startswith("SHP-1: ")


class Ledger:
    """One invoice."""

    def __init__(self) -> None:
        self.state, self.at = "posted", BEGAN

    async def model(self, name: str, *asked: Any) -> Any:
        if name == "sale.sale.search_read":
            return []
        if name == "account.invoice.line.search_read":
            line = {"id": 1, "type": "line", "quantity": 1.0, "unit.": {"symbol": "u"}, "description": "Bearing"}
            return [{**line, "unit_price": 10, "amount": 10, "product.": {"code": "SKU-1"}}]
        assert ["state", "in", ["posted", "paid", "cancelled"]] in asked[0]
        amounts = {"untaxed_amount": 10, "tax_amount": 0, "total_amount": 10, "currency.": {"code": "USD"}}
        about = {"number": "7", "party.": {"code": "ACME-001"}, "invoice_date": tagged(BEGAN), "lines": [1]}
        return [{"id": 7, "state": self.state, "write_date": tagged(self.at), **about, **amounts}]


async def test_an_invoice_is_news_again_when_it_is_paid_credited_or_cancelled() -> None:
    ledger, told = Ledger(), []
    polled, position = watched.POLLS["invoices"], Position(cursor=None, began=BEGAN.isoformat())
    for state in ("posted", "posted", "paid", "cancelled"):
        ledger.at += timedelta(seconds=state != ledger.state)
        ledger.state = state
        output = await invoices.watch({}, cast("Rpc", ledger))
        (item,) = (await polled.reads(output, position, {}, cast("Any", None))).items
        assert isinstance(item, Item)
        told.append((item.id, item.version, item.data["record"]["status"]))
    versions = [shown(BEGAN + timedelta(seconds=later)) for later in (0, 0, 1, 2)]
    assert told == [
        ("7", at, state) for at, state in zip(versions, ("posted", "posted", "paid", "cancelled"), strict=True)
    ]


@pytest.mark.parametrize("apart", [0.0, 0.5, 20.0, 300.0])
async def test_more_than_a_call_reads_is_told_by_the_next_ones(
    books: Books, monkeypatch: pytest.MonkeyPatch, apart: float
) -> None:
    monkeypatch.setattr(changes, "_PAGES", 2)
    for number in range(1, 31):
        books.ship(number, number * apart)
    told: set[str] = set()
    cursor: str | None = shown(BEGAN - timedelta(hours=1))
    seen = set()
    while cursor not in seen:
        seen.add(cursor)
        answer = await books.watch(cursor)
        told |= {*numbers(answer)}
        cursor = answer["cursor"]
    assert len(told) == 30
    assert len(seen) < 30, "it does not go over the same ones again and again"


def test_a_cursor_says_what_it_is_read_as() -> None:
    places = [
        Place(BEGAN),
        Place(BEGAN, 57),
        Place(BEGAN, None, (3, 17)),
        Place(BEGAN, 57, (3, 17)),
    ]
    assert [Place.of(one.text()) for one in places] == places
    many = Place(BEGAN, 10**9, tuple(range(10**9, 10**9 + 200)))
    assert len(many.text()) <= 1000
    assert Place.of(many.text()).again == many.again[-MOST_AGAIN:]
    for other in ("yesterday", "", ";5", f"{shown(BEGAN)};;x", f"{shown(BEGAN)};1;2;3"):
        with pytest.raises(Refusal, match="cursor"):
            Place.of(other)
