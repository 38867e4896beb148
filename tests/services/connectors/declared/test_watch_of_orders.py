"""Orders of Odoo that change while they are read: none is left out, and one without a state keeps no other back."""

from __future__ import annotations

from typing import Any

import msgspec

from infra.egress import Client
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.simulators.http import Answered, Asked
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import Done
from tests.services.connectors.declared.erps import SETTINGS, Odoo
from tests.services.connectors.declared.other import Desk, said


class Selling(Odoo):
    """Has orders in place of shipments; those in `boxed` are in a status of a module that nobody knows."""

    def _answered(self, asked: Asked) -> Answered:
        params = msgspec.json.decode(asked.body)["params"]
        if params["service"] == "common":
            return super()._answered(asked)
        *_, model, _, (domain,), how = params["args"]
        if model == "sale.order":
            found = [self._order(one) for one in self._found(domain, how)]
            self._turned([])
        elif model == "sale.order.line":
            found = [self._line(one) for one in domain[0][2]]
        elif model == "res.partner":
            account = [31, "Acme Wholesale"]
            found = [{"id": 31, "name": account[1], "ref": "C-1", "commercial_partner_id": account}]
            found += [{"id": 32, "name": "Buyer", "ref": "B-1", "commercial_partner_id": account}]
            assert domain[0] == ["id", "parent_of", [32]]
        else:
            found = [{"id": 31, "default_code": "P-1", "name": "Cable"}]
        return said({"jsonrpc": "2.0", "id": 1, "result": found})

    def _order(self, one: int) -> dict[str, Any]:
        status = {"state": "sale", "delivery_status": "lost" if one in self.boxed else "full", "invoice_status": "no"}
        amounts = dict.fromkeys(("amount_untaxed", "amount_tax", "amount_total"), 1.0)
        party = {"partner_id": [32, "Acme Wholesale, Buyer"], "currency_id": [2, "USD"], "client_order_ref": False}
        return {**self._told(one), **status, **amounts, **party, "date_order": "2026-03-01 09:00:00"}

    def _line(self, one: int) -> dict[str, Any]:
        amounts = {"product_uom_qty": 1.0, "qty_delivered": 1.0, "qty_invoiced": 0.0, "price_unit": 1.0}
        names = {"order_id": [one, ""], "product_id": [31, "Cable"], "product_uom": [1, "Units"]}
        return {"id": one, **names, **amounts, "price_subtotal": 1.0}


async def test_a_crowd_of_orders_is_told_with_states_while_it_moves(client: Client, expressions: Evaluator) -> None:
    erp, told, unfit, cursor = Selling(), set[str](), set[str](), None
    erp.boxed = {7}
    document = next(one for one in library.documents() if one.name == "odoo")
    async with erp.running():
        desk = Desk(client, erp, Declared(document, expressions))
        units = {"units": {"Units": "EA"}, "timeout_seconds": 30}
        desk.change(settings={**desk.connection.settings, **SETTINGS["odoo"], **units})
        # 220 of one second, and 30 after it; three move while the second page is read.
        erp.change(range(1, 221), apart=0.000001)
        erp.change(range(221, 251), seconds=90)
        erp.between = lambda: erp.change(range(1, 4), seconds=3600)
        for _ in range(12):
            answer = await desk.call("erp.sales-orders.watch", {} if cursor is None else {"cursor": cursor})
            assert isinstance(answer, Done), answer
            told |= {one["sale"] for one in answer.output["sales"]}
            unfit |= {one["status"] for one in answer.output.get("unfit", [])}
            assert {one["order"]["customer"]["id"] for one in answer.output["sales"]} <= {"C-1"}
            assert {one["order"]["state"] for one in answer.output["sales"]} <= {"shipped"}
            cursor = answer.output["cursor"]
            if not answer.output.get("more"):
                break
        else:
            raise AssertionError("it goes on and on")
    assert told == {f"S-{one:05}" for one in erp.changed if one not in erp.boxed}
    assert unfit == {"sale lost"}
