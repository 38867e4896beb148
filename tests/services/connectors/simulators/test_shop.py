"""The simulated shop: orders are placed as hours pass and when somebody buys, and leave whole or in parts."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from infra import egress
from services.engine.expressions.evaluator import Expressions
from tests.services.connectors.simulators.beside import beside, secret_of


async def test_orders_come_as_hours_pass_and_when_somebody_buys(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("shop", tmp_path, client, evaluator) as running:
        cursor = (await running.caller.done("shop.orders.list", {}))["cursor"]
        await running.control("POST", "pass", {"seconds": 2 * 3600})
        basket = {"customer": "OPEN-001", "lines": [{"sku": "SKU-3", "quantity": 2}]}
        request = egress.Request(
            method="POST",
            url=f"{running.url}/store/orders",
            headers={"X-Shop-Token": secret_of("token")},
            body=json.dumps(basket).encode(),
        )
        assert (await client.send(UUID(int=99), request)).status == 201
        told = await running.caller.done("shop.orders.list", {"cursor": cursor})
        assert [(one["number"], one["at"]) for one in told["orders"]] == [
            ("W-5004", "2026-03-02T10:00:00Z"),
            ("W-5005", "2026-03-02T10:00:00Z"),
        ]
        parts = (("SH-1", "1", "2"), ("SH-2", "2", "3"))
        for number, line, quantity in parts:
            given = {"id": "5003", "shipment": number, "lines": [{"line": line, "quantity": quantity}]}
            made = [(await running.caller.done("shop.orders.fulfil", given))["fulfilment"] for _ in range(2)]
            assert made[0] == made[1]
        told = await running.caller.done("shop.orders.list", {"cursor": told["cursor"]})
        assert [(one["id"], one["state"]) for one in told["orders"]] == [("5003", "shipped"), ("5003", "shipped")]
        assert (await running.state())["fulfilment"] == 2
