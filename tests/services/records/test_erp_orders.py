"""What an ERP's watch tells of its orders, taken into records: the one state model decides what can be (ADR 0123)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from infra.database import Database
from infra.egress import Client, Guard
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.events.cloud_event import CloudEvent, read
from tests.services.connectors.simulators.beside import beside
from tests.services.records.side import RECORD, Side, mapping, side

KIND: Final = "erp-simulator.order"
STATES: Final = {one: one for one in ("released", "shipped", "cancelled", "returned")}
TAKES: Final = mapping(
    "erp",
    events={KIND: None},
    program=".record",
    at="/at",
    statuses={"statuses": list(STATES), "states": STATES},
    examples=[
        {"name": "one", "data": {"record": RECORD | {"state": "released"}}, "record": RECORD | {"state": "released"}}
    ],
)


def event(number: int, sale: dict[str, Any]) -> CloudEvent:
    """As the trigger tells it; each a minute later, as the simulator's time stands still."""
    order, at = sale["order"], f"2026-03-02T08:{number:02}:00Z"
    named = {"specversion": "1.0", "id": f"{sale['sale']}@{sale['version']}", "source": "/erp", "type": KIND}
    data = {"number": order["number"], "state": order["state"], "at": at, "record": order}
    body = {**named, "time": at, "data": data}
    return read({"content-type": "application/cloudevents+json"}, msgspec.json.encode(body))


async def tells(shop: Side, client: Client, folder: Path, *moves: dict[str, Any]) -> None:
    """Take in what the ERP tells of its first sale, each move of it by itself."""
    async with ExpressionPool(size=1) as pool, beside("erp", folder, client, Expressions(pool)) as running:
        cursor = "0"
        for number, move in enumerate(({}, *moves)):
            if move:
                running.system.learn({"sales": [{"reference": "PO-900", **move}]})
            found = await running.caller.done("erp.sales-orders.watch", {"cursor": cursor})
            cursor = found["cursor"]
            await shop.send(*(event(number, one) for one in found["sales"]))


async def test_what_cannot_follow_is_an_exception_and_lines_keep_their_own_states(
    app_database: Database, worker_database: Database, tmp_path: Path
) -> None:
    async with side(app_database, worker_database) as shop, Client(Guard(allow_loopback=True)) as client:
        await shop.use("erp-orders", TAKES)
        await tells(
            shop,
            client,
            tmp_path,
            {"status": "SHIPPED", "lines": {"1": "SHIPPED", "2": "CANCELLED"}},
            {"status": "CANCELLED"},
        )
        known = await shop.known("PO-900", "erp")
        assert known.record["state"] == "shipped"
        assert [one["state"] for one in known.record["lines"]] == ["shipped", "cancelled"]
        ((cause, title),) = await shop.exceptions()
        assert cause == "forbidden-transition"
        assert "PO-900" in title
        assert [kind for kind, _ in await shop.told()] == ["order.released", "order.shipped"]
