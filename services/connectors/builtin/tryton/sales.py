"""How far sales are, as canonical records. That goods are shipped is no change of their sale: it is looked for, too.

Drafts that have no number yet are not told. Of several sales under one mark one is it; the others, which an attempt of
ours made beside it, are cancelled, and say nothing of the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from services.connectors.builtin.tryton import changes, leaving, states
from services.connectors.builtin.tryton.place import Place, instant, shown
from services.connectors.builtin.tryton.sales_order import is_refused
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import records
from services.connectors.sdk.errors import Misread
from template_library.status_maps import UnmappedStatus

_MODEL: Final = "sale.sale"
_FIELDS: Final = (
    "number", "reference", "state", "shipment_state", "invoice_state", "party.code", "party.name", "currency.code",
    "create_date", "lines", "shipments",
)  # fmt: skip
_LINE: Final = ["type", "product.code", "product.name", "quantity", "unit.symbol", "unit_price", "moves"]
_SHIPMENT: Final = "stock.shipment.out"


class _Beside(msgspec.Struct, frozen=True):
    """What a call read beside the sales: lines, moves and shipments by their ids, and when these left."""

    lines: Mapping[int, Any]
    moves: Mapping[int, Any]
    shipments: Mapping[int, Any]
    told: Mapping[int, leaving.Told]

    def states(self, ids: Iterable[int]) -> list[str]:
        return [leaving.state(one, self.told.get(one["id"], {})) for one in changes.parts(self.shipments, ids)]

    def last(self, sale: Any) -> datetime:
        """When it changed, or something of it left."""
        left = (self.told.get(one, {}) for one in sale["shipments"])
        return max([instant(sale["write_date"]), *(at for one in left for at in one.values())])

    def of_moves(self, ids: Iterable[int]) -> list[str]:
        """Goods that leave in no shipment of the house, such as drop shipments, are as far as their move is."""
        return [self._of_move(move) for move in changes.parts(self.moves, ids) if move["state"] != "cancelled"]

    def _of_move(self, move: Any) -> str:
        model, _, number = (move["shipment"] or "").partition(",")
        if model == _SHIPMENT:
            return self.states([int(number)])[0]
        return "waiting" if move["state"] in {"staging", "draft"} else str(move["state"])


async def watch(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.sales-orders.watch`. Raises Refusal: the cursor is none."""
    numbered = [["number", "!=", None]]
    changed = await changes.since(rpc, _MODEL, numbered, _FIELDS, values.get("cursor"))
    shipped = await _shipped(rpc, changed, numbered)
    named = await _without_others([*changed.documents, *shipped], rpc)
    beside = await _beside(named, rpc)
    # One that takes goods back is no order.
    found = [one for one in named if any(_is_sold(beside.lines.get(line)) for line in one["lines"])]
    return changes.told("sales", changed, lambda one: _sale(one, beside), found)


async def get(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.sales-orders.get`: by its number here, which the record has too, with the warehouse that it leaves from.

    Raises:
        Refusal, NoRecord, Misread: it makes none, or is in a state that has no meaning here.
    """
    named, fields = [["number", "=", values["order"]]], [*_FIELDS, "write_date", "warehouse.code"]
    found = await rpc.model(f"{_MODEL}.search_read", named, 0, 1, None, fields)
    if not found:
        return {"found": False, "order": None}
    (sale,) = found
    try:
        order = _sale(sale, await _beside(found, rpc))["order"]
    except UnmappedStatus as error:
        raise Misread(str(error)) from error
    code = (sale.get("warehouse.") or {}).get("code")
    return {
        "found": True,
        "order": {**order, "number": sale["number"], **({"warehouse": {"id": code}} if code else {})},
    }


async def _beside(sales: list[Any], rpc: Rpc) -> _Beside:
    lines = await changes.read(rpc, "sale.line", (line for one in sales for line in one["lines"]), _LINE)
    moved = (move for line in lines.values() for move in line["moves"] or ())
    moves = await changes.read(rpc, "stock.move", moved, ["state", "shipment"])
    left_in = [move["shipment"].partition(",") for move in moves.values() if move["shipment"]]
    sent = [int(number) for model, _, number in left_in if model == _SHIPMENT]
    sent += [shipment for one in sales for shipment in one["shipments"]]
    shipments = await changes.read(rpc, _SHIPMENT, sent, ["state"])
    left = [number for number, one in shipments.items() if one["state"] in {"shipped", "done"}]
    return _Beside(lines, moves, shipments, await leaving.told(rpc, left))


async def _shipped(rpc: Rpc, changed: changes.Changes, domain: list[Any]) -> list[Any]:
    """Sales of what left behind the cursor, and that have not changed by that themselves."""
    behind = [] if changed.place is None else Place(changed.place.at).behind()
    gone = [["state", "in", ["shipped", "done"]], *behind]
    order = [["write_date", "ASC"], ["id", "ASC"]]
    left = await rpc.model(f"{_SHIPMENT}.search_read", gone, 0, changes.READ, order, ["state"])
    if not left:
        return []
    known, fields = [one["id"] for one in changed.documents], [*_FIELDS, "write_date"]
    named = [*domain, ["shipments", "in", [one["id"] for one in left]], ["id", "not in", known]]
    found: list[Any] = await rpc.model(f"{_MODEL}.search_read", named, 0, None, order, fields)
    return found


async def _without_others(found: list[Any], rpc: Rpc) -> list[Any]:
    """Without what an attempt of ours left cancelled beside the sale that counts, or was refused."""
    kept = [one for one in found if not is_refused(one["reference"])]
    marks = {one["reference"] for one in kept if one["state"] == "cancelled" and changes.is_marked(one["reference"])}
    if not marks:
        return kept
    domain = [["reference", "in", sorted(marks)], ["state", "!=", "cancelled"]]
    others = await rpc.model("sale.sale.search_read", domain, 0, None, None, ["reference"])
    live = {one["reference"] for one in others}
    return [one for one in kept if one["state"] != "cancelled" or one["reference"] not in live]


def _is_sold(line: Any) -> bool:
    """Goods, and no charge by itself. What cannot be read may be: it is told as what nothing can be made of."""
    return line is None or (line["type"] == "line" and (line["quantity"] or 0) > 0 and line.get("product.") is not None)


def _sale(one: Any, beside: _Beside) -> dict[str, Any]:
    """Raises Refusal, Misread, NoRecord: it makes none; UnmappedStatus."""
    currency, party = (one.get("currency.") or {}).get("code"), one.get("party.") or {}
    at = shown(beside.last(one))
    sold = [line for line in changes.parts(beside.lines, one["lines"]) if _is_sold(line)]
    order = {
        "number": changes.order_of(one),
        "state": states.of_sale(one, beside.states(one["shipments"])),
        "ordered_at": shown(instant(one["create_date"])),
        "customer": {"id": party.get("code") or party.get("name"), "name": party.get("name")},
        "currency": currency,
        "lines": [_line(line, currency, beside) for line in sold],
    }
    return {"sale": one["number"], "version": at, "at": at, "order": records.made("order", order)}


def _line(line: Any, currency: Any, beside: _Beside) -> dict[str, Any]:
    product, sold = line.get("product.") or {}, changes.quantity(line["quantity"], line.get("unit."))
    return {
        "line": str(line["id"]),
        "state": states.of_line(beside.of_moves(line["moves"] or ())),
        "item": {"id": product.get("code"), "description": product.get("name")},
        "quantity": sold,
        "unit_price": {
            "units": f"{line['unit_price']:f}",
            "currency": currency,
            "per": {"value": "1", "unit": sold["unit"]},
        },
    }
