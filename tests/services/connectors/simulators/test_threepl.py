"""The simulated 3PL: what it takes it may reject later, what is short is left out, and its stock is an hour's old."""

from __future__ import annotations

from pathlib import Path

from infra import egress
from services.engine.expressions.evaluator import Expressions
from tests.services.connectors.simulators.beside import beside
from tests.services.connectors.simulators.test_warehouse import order


async def test_an_order_is_taken_then_accepted_or_rejected_and_leaves_without_what_is_short(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("threepl", tmp_path, client, evaluator) as running:

        async def states(*numbers: str) -> list[str]:
            return [(await running.caller.done("wms.orders.get", {"order": one}))["state"] for one in numbers]

        async def on_hand(item: str) -> tuple[str, str]:
            found = (await running.caller.done("wms.stock.list", {}))["positions"]
            (one,) = [one for one in found if one["item"]["id"] == item]
            return one["as_of"], one["on_hand"]["value"]

        for number, item, value in (("SO-1", "SKU-2", "50"), ("SO-2", "NOTHING", "1")):
            for _ in range(2):
                await running.caller.done("wms.orders.create", order(number, item, value), f"key-{number}")
        assert await states("SO-1", "SO-2") == ["released", "released"]
        await running.control("POST", "pass", {"seconds": 30 * 60})
        assert await states("SO-1", "SO-2") == ["allocated", "cancelled"]
        await running.control("POST", "pass", {"seconds": 6 * 3600 - 20 * 60})
        assert await states("SO-1") == ["shipped"]
        (left,) = (await running.caller.done("wms.shipments.watch", {"cursor": "2"}))["shipments"]
        assert (left["lines"][0]["quantity"]["value"], left["lines"][0]["backordered"]["value"]) == ("40", "10")
        assert await on_hand("SKU-2") == ("2026-03-02T14:00:00Z", "0")
        assert (await running.state())["stock"]["SKU-2"] == 0
