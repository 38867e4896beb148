"""What has left for customers, as canonical records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import changes
from services.connectors.builtin.tryton.session import Rpc

_MODEL: Final = "stock.shipment.out"
_FIELDS: Final = ("number", "customer.code", "customer.name", "outgoing_moves")
_MOVE: Final = ["product.code", "product.name", "quantity", "unit.symbol", "origin", "state"]


async def watch(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.shipments.watch`. Raises Refusal, Misread."""
    cursor = values.get("cursor")
    found = await changes.since(rpc, _MODEL, [["state", "=", "done"]], _FIELDS, cursor)
    sales = await changes.sales(rpc, "shipments", [one["id"] for one in found])
    orders = {f"sale.line,{line}": sale["order"] for sale in sales for line in sale["lines"]}
    moves = await changes.read(rpc, "stock.move", (move for one in found for move in one["outgoing_moves"]), _MOVE)
    facts = {"shipments": [_record(one, moves, orders) for one in found], "cursor": changes.following(found, cursor)}
    return changes.made(facts)


def _record(one: Any, moves: Mapping[int, Any], orders: Mapping[str, str]) -> dict[str, Any]:
    left = [moves[move] for move in one["outgoing_moves"] if moves[move]["state"] == "done"]
    named = dict.fromkeys(orders[move["origin"]] for move in left if move["origin"] in orders)
    customer = one.get("customer.") or {}
    return {
        "number": one["number"],
        "status": "dispatched",
        "orders": [{"number": order} for order in named],
        "customer": {"id": customer.get("code") or customer.get("name"), "name": customer.get("name")},
        "dispatched_at": changes.shown(changes.instant(one["write_date"])),
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
