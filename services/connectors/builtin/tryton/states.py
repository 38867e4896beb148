"""How Tryton's states stand for those of orders, as its modules sale and stock, 8.2, have them.

A sale that is processed says by the states of its shipments and invoices how far it is, and a line by the shipments
that its goods leave in. What is not listed is an exception: nobody guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from template_library.status_maps import StatusMap

DELIVERED: Final = "delivered"
"""Of a shipment that is done and was shipped before: somebody said both. One that is done at once has left, no more."""
_PROCESSED: Final = "processing"
_PARTLY: Final = "partially shipped"
_STEPS: Final = ("draft", "waiting", "assigned", "picked", "packed", "shipped", "done", DELIVERED)
"""States of a shipment, in their order."""
_LEFT: Final = frozenset({"shipped", "done", DELIVERED})
_ORDERS: Final = {
    "draft": "captured",
    "quotation": "captured",
    "confirmed": "released",
    "cancelled": "cancelled",
    "processing, none": "released",
    "processing, draft": "released",
    "processing, waiting": "released",
    "processing, assigned": "allocated",
    "processing, picked": "picked",
    "processing, packed": "packed",
    "processing, partially shipped": "packed",
    "processing, shipped": "shipped",
    "processing, done": "shipped",
    "processing, sent": "shipped",
    "processing, delivered": "delivered",
    "processing, charged": "invoiced",
    "processing, exception": "held",
    "done": "closed",
}
_LINES: Final = {
    "draft": "released",
    "waiting": "released",
    "assigned": "allocated",
    "picked": "picked",
    "packed": "packed",
    "partially shipped": "packed",
    "shipped": "shipped",
    "done": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
}
ORDERS: Final = StatusMap(tuple(_ORDERS), _ORDERS)
LINES: Final = StatusMap(tuple(_LINES), _LINES)
_CHARGED: Final = frozenset({"awaiting payment", "partially paid", "paid"})
_UNCHARGED: Final = frozenset({"none", "pending"})


def of_sale(sale: Mapping[str, Any], shipments: Iterable[str]) -> str | None:
    """The state of an order; `shipments`: states of those of the sale. Raises UnmappedStatus."""
    return ORDERS.state_of(_status(sale, list(shipments)))


def of_line(shipments: Iterable[str]) -> str | None:
    """The state of a line; `shipments`: states of those that its goods leave in. None: it has no goods.

    Raises:
        UnmappedStatus: see there.
    """
    found = list(shipments)
    return LINES.state_of(_least(found)) if found else None


def _status(sale: Mapping[str, Any], shipments: list[str]) -> str:
    if sale["state"] != _PROCESSED:
        return str(sale["state"])
    shipped, charged = str(sale["shipment_state"]), str(sale["invoice_state"])
    if "exception" in {shipped, charged}:
        return f"{_PROCESSED}, exception"
    if charged not in _CHARGED | _UNCHARGED:
        return f"{_PROCESSED}, {charged}"
    if shipped in {"sent", "none"} and charged in _CHARGED:
        return f"{_PROCESSED}, charged"
    return f"{_PROCESSED}, {_gone(shipped, shipments)}"


def _gone(shipped: str, shipments: list[str]) -> str:
    """Tryton counts what is done. What is shipped it still waits for, and for a moment what has just become done."""
    if set(shipments) <= {"cancelled"}:
        return shipped
    least = _least(shipments)
    return least if shipped == "waiting" or (shipped, least) in {(_PARTLY, "shipped"), ("sent", DELIVERED)} else shipped


def _least(shipments: list[str]) -> str:
    """How far the last of them is; where some have left and others not, that it is so."""
    found = {one for one in shipments if one != "cancelled"}
    if unknown := sorted(found.difference(_STEPS)):
        return unknown[0]
    if found & _LEFT and found - _LEFT:
        return _PARTLY
    return min(found, key=_STEPS.index, default="cancelled")
