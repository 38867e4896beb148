"""The simulated marketplace: what nobody acknowledges is cancelled, and a feed is worked off later and once."""

from __future__ import annotations

from pathlib import Path

from infra import egress
from services.engine.expressions.evaluator import Expressions
from tests.services.connectors.simulators.beside import beside


async def test_an_order_is_acknowledged_in_time_and_leaves_whole(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("marketplace", tmp_path, client, evaluator) as running:
        acknowledge = "marketplace-simulator.orders.acknowledge"
        for _ in range(2):
            assert (await running.caller.done(acknowledge, {"id": "M-9003"}))["acknowledged"]
        await running.control("POST", "pass", {"seconds": 2 * 3600})
        assert not (await running.caller.done(acknowledge, {"id": "M-9002"}))["acknowledged"]
        parts = [{"line": "1", "quantity": "3"}]
        whole = [*parts, {"line": "2", "quantity": "1"}]
        feeds = [
            (await running.caller.done("shop.orders.fulfil", {"id": "M-9003", "shipment": "SH-1", "lines": lines}, key))
            for lines, key in ((parts, "key-1"), (whole, "key-2"), (whole, "key-2"))
        ]
        assert [one["fulfilment"] for one in feeds] == ["FEED-1", "FEED-2", "FEED-2"]
        await running.control("POST", "pass", {"seconds": 600})
        told = [
            await running.caller.done("marketplace-simulator.feeds.get", {"feed": one["fulfilment"]})
            for one in feeds[:2]
        ]
        assert [(one["state"], one["reason"]) for one in told] == [("refused", "An order leaves whole"), ("done", None)]
        states = (await running.state())["states"]
        assert states == {"M-9001": "Acknowledged", "M-9002": "Cancelled", "M-9003": "Shipped"}
