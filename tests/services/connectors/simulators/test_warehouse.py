"""The simulated warehouse by its connector: an order goes its way as time passes, and what is short is not shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra import egress
from services.engine.expressions.evaluator import Expressions
from tests.services.connectors.simulators.beside import Beside, beside


def order(number: str, item: str, value: str) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": item}, "quantity": {"value": value, "unit": "EA"}}
    head = {"number": number, "state": "released", "ordered_at": "2026-03-01T10:00:00Z", "currency": "USD"}
    return {"order": {**head, "customer": {"id": "ACME-001"}, "lines": [line]}}


async def position(running: Beside, item: str) -> tuple[str, str]:
    listed = (await running.caller.done("wms.stock.list", {}))["positions"]
    (found,) = [one for one in listed if one["item"]["id"] == item]
    return found["on_hand"]["value"], found["available"]["value"]


async def test_an_order_is_picked_packed_and_shipped_as_hours_pass(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("warehouse", tmp_path, client, evaluator) as running:
        for number, item, value in (("SO-1", "SKU-2", "1200"), ("SO-2", "SKU-1", "3")):
            await running.caller.done("wms.orders.create", order(number, item, value))
        assert await position(running, "SKU-2") == ("1000", "-200")
        states = []
        for _ in range(5):
            states.append((await running.caller.done("wms.orders.get", {"order": "SO-1"}))["state"])
            await running.control("POST", "pass", {"seconds": 3600})
        assert states == ["allocated", "picked", "packed", "packed", "shipped"]
        found = await running.caller.done("wms.shipments.watch", {"cursor": "1"})
        short, whole = (one["lines"][0] for one in found["shipments"])
        assert (short["quantity"]["value"], short["backordered"]["value"]) == ("1000", "200")
        assert "backordered" not in whole
        assert found["shipments"][0]["dispatched_at"] == "2026-03-02T12:00:00Z"
        assert (await running.caller.done("wms.shipments.watch", {"cursor": found["cursor"]}))["shipments"] == []
        assert await position(running, "SKU-2") == ("0", "0")


async def test_an_order_can_be_taken_back_until_it_is_picked(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("warehouse", tmp_path, client, evaluator) as running:
        ids = [(await running.caller.done("wms.orders.create", order(one, "SKU-1", "3")))["id"] for one in ("A", "B")]
        taken = {"id": ids[0]}
        assert [(await running.caller.done("wms.orders.cancel", taken))["cancelled"] for _ in range(2)] == [True, True]
        await running.control("POST", "pass", {"seconds": 3600})
        assert not (await running.caller.done("wms.orders.cancel", {"id": ids[1]}))["cancelled"]
        assert await position(running, "SKU-1") == ("5000", "4997")
