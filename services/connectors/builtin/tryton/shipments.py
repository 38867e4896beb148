"""What has left for customers, as canonical records: from when it is shipped on, which Tryton's `done` comes after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import changes, leaving, states
from services.connectors.builtin.tryton.place import instant, shown
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import records

_MODEL: Final = "stock.shipment.out"
_FIELDS: Final = ("number", "state", "customer.code", "customer.name", "outgoing_moves")
_MOVE: Final = ["product.code", "product.name", "quantity", "unit.symbol", "origin", "state"]


async def watch(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.shipments.watch`. Raises Refusal: the cursor is none."""
    left = [["state", "in", ["shipped", "done"]]]
    changed = await changes.since(rpc, _MODEL, left, _FIELDS, values.get("cursor"))
    found = changed.documents
    told = await leaving.told(rpc, [one["id"] for one in found])
    sales = await changes.sales(rpc, "shipments", [one["id"] for one in found])
    orders = {f"sale.line,{line}": sale["order"] for sale in sales for line in sale["lines"]}
    moves = await changes.read(rpc, "stock.move", (move for one in found for move in one["outgoing_moves"]), _MOVE)

    def make(one: Any) -> dict[str, Any]:
        return _record(one, told.get(one["id"], {}), moves, orders)

    return changes.told("shipments", changed, lambda one: records.made("shipments", make(one)), found)


def _record(one: Any, told: leaving.Told, moves: Mapping[int, Any], orders: Mapping[str, str]) -> dict[str, Any]:
    """Raises Refusal, Misread: it makes none."""
    # Of what is shipped and not done the moves are not done either.
    gone = {"done"} if one["state"] == "done" else {"draft", "assigned", "done"}
    left = [move for move in changes.parts(moves, one["outgoing_moves"]) if move["state"] in gone]
    named = dict.fromkeys(orders[move["origin"]] for move in left if move["origin"] in orders)
    customer = one.get("customer.") or {}
    is_delivered = leaving.state(one, told) == states.DELIVERED
    changed = instant(one["write_date"])
    return {
        "number": one["number"],
        "status": "delivered" if is_delivered else "dispatched",
        "orders": [{"number": order} for order in named],
        "customer": {"id": customer.get("code") or customer.get("name"), "name": customer.get("name")},
        "dispatched_at": shown(min(told.values(), default=changed)),
        **({"delivered_at": shown(told.get("done", changed))} if is_delivered else {}),
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
