"""Lists of shops that orders move in while they are read, by the manifests that ship: none is left out, none stops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from infra.egress import Client
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.simulators.http import Answered, Asked
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Done
from tests.services.connectors.declared.other import Desk, Other, said

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
CURSOR = "2026-03-02T07:00:00Z"
PAGE = 100


class Vendure(Other):
    """Orders by code; searched as the real one searches. `between` is done once, behind the first page."""

    def __init__(self) -> None:
        super().__init__(self._orders)
        self.orders: dict[str, datetime] = {}
        self.states: dict[str, str] = {}
        self.between: Callable[[], None] = lambda: None

    def place(self, numbers: Iterable[int], seconds: float = 0.0, apart: float = 0.0) -> None:
        for number in numbers:
            self.orders[f"V-{number:05}"] = BEGAN + timedelta(seconds=seconds + number * apart)

    def _orders(self, asked: Asked) -> Answered:
        given = msgspec.json.decode(asked.body)["variables"]
        since = datetime.fromisoformat(given["since"])
        found = [one for one in self.orders.items() if one[1] > since and one[0] not in given["but"]]
        page = sorted(found, key=lambda one: one[1])[:PAGE]
        between, self.between = self.between, lambda: None
        between()
        return said({"data": {"orders": {"items": [self._shown(*one) for one in page]}}})

    def _shown(self, code: str, at: datetime) -> dict[str, Any]:
        shown = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"id": code[2:], "code": code, "state": self.states.get(code, "PaymentSettled"), "updatedAt": shown}


async def listed(
    client: Client, shop: Other, expressions: Evaluator, cursor: str = CURSOR, *, by: str = "vendure"
) -> dict[str, Any]:
    document = next(one for one in library.documents() if one.name == by)
    desk = Desk(client, shop, Declared(document, expressions), unit="EA", user="staff", timeout_seconds=30)
    answer = await desk.call("shop.orders.list", {"cursor": cursor})
    assert isinstance(answer, Done), answer
    output: dict[str, Any] = answer.output
    return output


def numbers(output: dict[str, Any]) -> list[str]:
    return [one["number"] for one in output["orders"]]


@pytest.mark.parametrize("apart", [0.0, 0.013, 2.5])
async def test_what_changes_between_two_pages_leaves_none_out(
    client: Client, expressions: Evaluator, apart: float
) -> None:
    shop = Vendure()
    shop.place(range(250), apart=apart)
    shop.between = lambda: shop.place(range(3), seconds=3600)
    async with shop.running():
        found = await listed(client, shop, expressions)
        assert len(shop.asked) == 3
        again = await listed(client, shop, expressions, found["cursor"])
    assert set(numbers(found)) == set(shop.orders)
    told = {(one["number"], datetime.fromisoformat(one["at"])) for one in (*found["orders"], *again["orders"])}
    assert told >= {(code, at.replace(microsecond=at.microsecond // 1000 * 1000)) for code, at in shop.orders.items()}


async def test_more_than_a_call_reads_is_told_by_the_next_ones(client: Client, expressions: Evaluator) -> None:
    shop = Vendure()
    shop.place(range(1_050), apart=0.05)
    cursor, told = "2026-03-02T07:59:00Z", list[set[str]]()
    async with shop.running():
        for _ in range(2):
            found = await listed(client, shop, expressions, cursor)
            told.append({*numbers(found)})
            assert found["cursor"] >= cursor
            cursor = found["cursor"]
    assert told[0] | told[1] == set(shop.orders)
    assert len(told[1]) < 100, "where it would have read most of it anew, it went on at its end"


async def test_an_order_in_an_unknown_state_keeps_no_other_back(client: Client, expressions: Evaluator) -> None:
    shop = Vendure()
    shop.place(range(3))
    shop.states["V-00001"] = "Teleported"
    async with shop.running():
        found = await listed(client, shop, expressions)
    assert numbers(found) == ["V-00000", "V-00002"]
    assert [(one["id"], one["status"]) for one in found["unfit"]] == [("V-00001", "Teleported")]


async def test_nor_does_one_of_oscar(client: Client, expressions: Evaluator) -> None:
    placed = {"date_placed": "2026-03-02T08:00:00Z"}
    statuses = {7: "Teleported", 6: "Pending", 5: None}
    orders = [
        {"url": f"http://shop/api/admin/orders/{one}/", "number": f"10000{one}", "status": status, **placed}
        for one, status in statuses.items()
    ]
    async with Other(said(orders)).running() as shop:
        found = await listed(client, shop, expressions, "1", by="django-oscar")
    assert (numbers(found), found["cursor"]) == (["100006"], "7")
    assert [(one["id"], one["status"]) for one in found["unfit"]] == [("100005", "null"), ("100007", "Teleported")]
