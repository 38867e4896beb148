"""What has left for customers, as canonical records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import changes
from services.connectors.builtin.tryton.place import instant, shown
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import records

_MODEL: Final = "stock.shipment.out"
_FIELDS: Final = ("number", "customer.code", "customer.name", "outgoing_moves")
_MOVE: Final = ["product.code", "product.name", "quantity", "unit.symbol", "origin", "state"]


async def watch(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.shipments.watch`. Raises Refusal: the cursor is none."""
    changed = await changes.since(rpc, _MODEL, [["state", "=", "done"]], _FIELDS, values.get("cursor"))
    found = changed.documents
    sales = await changes.sales(rpc, "shipments", [one["id"] for one in found])
    orders = {f"sale.line,{line}": sale["order"] for sale in sales for line in sale["lines"]}
    moves = await changes.read(rpc, "stock.move", (move for one in found for move in one["outgoing_moves"]), _MOVE)
    return changes.told("shipments", changed, lambda one: records.made("shipments", _record(one, moves, orders)), found)


def _record(one: Any, moves: Mapping[int, Any], orders: Mapping[str, str]) -> dict[str, Any]:
    """Raises Refusal, Misread: it makes none."""
    left = [move for move in changes.parts(moves, one["outgoing_moves"]) if move["state"] == "done"]
    named = dict.fromkeys(orders[move["origin"]] for move in left if move["origin"] in orders)
    customer = one.get("customer.") or {}
    return {
        "number": one["number"],
        "status": "dispatched",
        "orders": [{"number": order} for order in named],
        "customer": {"id": customer.get("code") or customer.get("name"), "name": customer.get("name")},
        "dispatched_at": shown(instant(one["write_date"])),
        "lines": [
            {
                "line": str(move["id"]),
                "order": {"order": orders[move["origin"]]} if move["origin"] in orders else None,
                "item": {
                    "id": (move.get("product.") or {}).get("code"),
                    "description": (move.get("product.") or {}).get("name"),
                },
                "quantity": changes.quantity(move["quantity"], move.get("unit.")),
            }
            for move in left
        ],
    }
