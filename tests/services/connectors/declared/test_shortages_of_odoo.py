"""What Odoo cannot set aside is the conflict that backorder-resolution catches, whatever the reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from infra.egress import Client
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.simulators.http import Answered, Asked
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Failed
from template_library import catalog
from tests.services.connectors.declared.erps import SETTINGS
from tests.services.connectors.declared.other import Desk, Other, said

LINE: dict[str, Any] = {
    "id": 61, "order_id": [42, "S00042"], "product_id": [31, "Cable"], "name": "Cable", "product_uom": [1, "Units"],
    "product_uom_qty": 5.0, "qty_delivered": 1.0, "price_unit": 12.0, "discount": 0.0, "tax_id": [],
    "customer_lead": 0.0,
}  # fmt: skip
ORDER: dict[str, Any] = {
    "id": 42, "locked": False, "date_order": "2026-03-01 09:00:00", "commitment_date": False, "currency_id": [2, "USD"],
}  # fmt: skip
MOVE: dict[str, Any] = {
    "id": 71, "state": "confirmed", "picking_id": [601, "WH/OUT/1"], "location_id": [8, "WH/Stock"],
    "product_uom_qty": 4.0, "quantity": 1.0,
}  # fmt: skip


class Short(Other):
    """Has one confirmed order with one line. `moves`: its deliveries that wait for stock, of which 2 are free."""

    def __init__(self, *moves: dict[str, Any]) -> None:
        super().__init__(self._answered)
        self._moves = list(moves)
        self.written: list[str] = []

    def _answered(self, asked: Asked) -> Answered:
        params = msgspec.json.decode(asked.body)["params"]
        if params["service"] == "common":
            return said({"jsonrpc": "2.0", "id": 1, "result": 7})
        *_, model, method, (domain, *_), _ = [*params["args"], {}][:7]
        if method not in {"search_read", "fields_get"}:
            self.written.append(f"{model}.{method}")
        newer = ["id", ">", 61] in domain
        found: dict[str, list[dict[str, Any]]] = {
            "sale.order": [ORDER],
            "sale.order.line": [] if newer else [LINE],
            "stock.move": self._moves,
            "product.product": [{"id": 31, "free_qty": 2.0}] if domain[0][0] == "id" else [],
        }
        return said({"jsonrpc": "2.0", "id": 1, "result": found.get(model, [])})


def caught() -> dict[str, Any]:
    """What the template catches where it sets stock aside."""
    package = catalog.builtin().find("backorder-resolution", "1.0.0")
    tasks = {name: task for one in yaml.safe_load(package.document)["do"] for name, task in one.items()}
    found: dict[str, Any] = tasks["allocate-line"]["catch"]["errors"]["with"]
    return found


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        pytest.param([], "Nothing of the line waits for stock", id="nothing-to-set-aside"),
        pytest.param([MOVE], "So much of it is not free there", id="not-free"),
    ],
)
async def test_what_is_not_set_aside_is_what_the_template_catches(
    client: Client, expressions: Evaluator, moves: list[dict[str, Any]], words: str
) -> None:
    document = next(one for one in library.documents() if one.name == "odoo")
    erp = Short(*moves)
    async with erp.running():
        desk = Desk(client, erp, Declared(document, expressions))
        desk.change(settings={**desk.connection.settings, **SETTINGS["odoo"], "timeout_seconds": 30})
        asked = {"order": "S00042", "line": "61", "change": {"do": "allocate", "rule": "fifo"}}
        answer = await desk.call("erp.sales-orders.change", asked)
    assert isinstance(answer, Failed), answer
    assert answer.error.detail == words
    assert {"type": answer.error.type, "status": answer.error.status} == caught()
    assert erp.written == []


async def test_what_waits_on_no_delivery_is_a_fault_of_the_set_up(client: Client, expressions: Evaluator) -> None:
    document = next(one for one in library.documents() if one.name == "odoo")
    erp = Short({**MOVE, "picking_id": False})
    async with erp.running():
        desk = Desk(client, erp, Declared(document, expressions))
        desk.change(settings={**desk.connection.settings, **SETTINGS["odoo"], "timeout_seconds": 30})
        asked = {"order": "S00042", "line": "61", "change": {"do": "allocate", "rule": "fifo"}}
        answer = await desk.call("erp.sales-orders.change", asked)
    assert isinstance(answer, Failed), answer
    assert answer.error.type.endswith("/configuration")
    assert erp.written == []
