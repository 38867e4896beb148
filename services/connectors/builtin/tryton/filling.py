"""What is short on a sale: the warehouses that have it, its way to where it leaves, what is promised and set aside.

Without the modules of purchasing Tryton knows no suppliers of an item, and it knows no substitutes: neither is told. A
transfer is an internal shipment that carries a mark of the call's key, by which it is found again. A line of a sale
that is processed is given its day and its stock by what it is to have, so that the same again changes nothing; what
would make other lines of it is for a person.
"""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any, Final

from services.connectors.builtin.tryton import changes, lookups
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Away, Refusal

_MOVE: Final = ["state", "shipment", "planned_date", "quantity", "product"]
_OUT: Final = "stock.shipment.out"
_INTERNAL: Final = "stock.shipment.internal"
_OVER: Final = ("done", "cancelled")
_DAY: Final = 86_400
_UNKNOWN_DAYS: Final = 1
"""Of a transfer between warehouses that nobody gave a lead time."""


async def sources(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.items.sources`: what can be set aside in each warehouse, and how long it takes to where orders leave from.

    Where orders leave from, what they wait for themselves does not lessen it; elsewhere what others wait for does.
    """
    own = await lookups.warehouse(rpc)
    domain = [["type", "=", "warehouse"]]
    houses = await rpc.model("stock.location.search_read", domain, 0, None, [["id", "ASC"]], ["code"])
    days = await _days(own, rpc)
    item, found = values["item"], []
    for house in houses:
        at, is_own = {"locations": [house["id"]], "with_childs": True}, house["id"] == own
        stock = await lookups.products(rpc, [item], ("quantity",), **at, stock_assign=True)
        if item not in stock:
            break
        free = _decimal(stock[item]["quantity"])
        if not is_own:
            forecast = await lookups.products(rpc, [item], ("forecast_quantity",), **at)
            free = min(free, _decimal(forecast[item]["forecast_quantity"]))
        away = 0 if is_own else days.get(house["id"], _UNKNOWN_DAYS)
        name = house["code"] or str(house["id"])
        found.append({"warehouse": name, "available": _shown(max(Decimal(0), free)), "days": away})
    nothing: dict[str, Any] = {"incoming": [], "suppliers": [], "substitutes": []}
    return {"item": item, "found": bool(found), "is_kit": False, "warehouses": found, **nothing}


async def transfer(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.transfers.create`.

    Raises:
        Refusal: the ERP has no such item or warehouse; nothing was created.
    """
    made = await _made(values, rpc)
    if made is None:
        products = await lookups.products(rpc, [values["item"]], ("default_uom",))
        if values["item"] not in products:
            raise Refusal(f"The ERP has no item {values['item']!r}", title="Unknown item")
        product = products[values["item"]]
        begin, end = [await _storage(values[name], rpc) for name in ("from", "to")]
        places = {"from_location": begin, "to_location": end}
        move = {"product": product["id"], "quantity": float(values["quantity"]), "unit": product["default_uom"]}
        row = {"reference": _mark(values, rpc), **places, "moves": [["create", [{**move, **places}]]]}
        await rpc.model(f"{_INTERNAL}.create", [row])
        made = await _made(values, rpc)
        if made is None:
            raise Away("the transfer cannot be seen yet")
    if made["state"] == "draft":
        await rpc.model(f"{_INTERNAL}.wait", [made["id"]])
        made = await _made(values, rpc) or made
    return {"transfer": made["number"] or str(made["id"])}


async def transferred(values: Any, rpc: Rpc) -> ReadBack:
    """The transfer of an earlier call, once it is on its way."""
    made = await _made(values, rpc)
    return Absent() if made is None or made["state"] == "draft" else Found({"transfer": made["number"]})


async def change(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.sales-orders.change`.

    Raises:
        Refusal: it is not there to be set aside, it is for a person, or there is no such line.
    """
    asked = values["change"]
    if asked["do"] == "promise":
        moves = [one["id"] for one in await _moves(values, rpc)]
        await rpc.model("stock.move.write", moves, {"planned_date": _tagged(asked["promised_on"])})
    elif asked["do"] == "allocate" and "from_order" not in asked:
        shipments = {one["shipment"] for one in await _moves(values, rpc)}
        for shipment in sorted(one for one in shipments if one and one.startswith(f"{_OUT},")):
            await rpc.model(f"{_OUT}.assign_try", [int(shipment.partition(",")[2])])
    else:
        raise Refusal("Somebody of the order desk changes this in Tryton", status=409, title="By a person")
    if not await _is_done(values, rpc):
        raise Refusal(f"Of line {values['line']} not all is there to be set aside", status=409, title="Not there")
    return {"order": values["order"], "line": values["line"], "new_line": None}


async def changed(values: Any, rpc: Rpc) -> ReadBack:
    """Whether the line has what the call is to give it, whoever gave it."""
    if values["change"]["do"] not in {"promise", "allocate"} or not await _is_done(values, rpc):
        return Absent()
    return Found({"order": values["order"], "line": values["line"], "new_line": None})


async def _is_done(values: Any, rpc: Rpc) -> bool:
    moves, asked = await _moves(values, rpc), values["change"]
    if asked["do"] == "promise":
        return all(one["planned_date"] == _tagged(asked["promised_on"]) for one in moves)
    return await _are_assigned(moves, rpc)


async def _are_assigned(moves: list[dict[str, Any]], rpc: Rpc) -> bool:
    """Whether what leaves by them is taken from the shelves, or set aside there: by the moves inside the warehouse."""
    domain = [["origin", "in", [f"stock.move,{one['id']}" for one in moves]], ["state", "!=", "cancelled"]]
    inside = await rpc.model("stock.move.search_read", domain, 0, None, None, ["state"])
    return bool(inside) and all(one["state"] in {"assigned", "done"} for one in inside)


async def _moves(values: Any, rpc: Rpc) -> list[dict[str, Any]]:
    """By which the goods of the line leave, and have not left. Raises Refusal: no such line, or none is left."""
    number = values["line"]
    domain = [["id", "=", int(number) if number.isdecimal() else -1], ["sale.number", "=", values["order"]]]
    found = await rpc.model("sale.line.search_read", domain, 0, 1, None, ["moves"])
    moves = await changes.read(rpc, "stock.move", found[0]["moves"] if found else [], _MOVE)
    left = [one for one in moves.values() if one["state"] not in _OVER]
    if not left:
        words = f"The ERP has no line {number!r} of {values['order']!r} that is still to be delivered"
        raise Refusal(words, status=409, title="No open line")
    return left


def _mark(values: Any, rpc: Rpc) -> str:
    return f"{values['reference']} #{hashlib.sha256(rpc.context.key.encode()).hexdigest()[:16]}"


async def _made(values: Any, rpc: Rpc) -> dict[str, Any] | None:
    domain, fields = [["reference", "=", _mark(values, rpc)]], ["number", "state"]
    found = await rpc.model(f"{_INTERNAL}.search_read", domain, 0, 1, [["id", "ASC"]], fields)
    return found[0] if found else None


async def _storage(code: str, rpc: Rpc) -> int:
    domain = [["type", "=", "warehouse"], ["code", "=", code]]
    found = await rpc.model("stock.location.search_read", domain, 0, 1, [["id", "ASC"]], ["storage_location"])
    if not found:
        raise Refusal(f"The ERP has no warehouse {code!r}", title="Unknown warehouse")
    return int(found[0]["storage_location"])


async def _days(own: int, rpc: Rpc) -> dict[int, int]:
    """Of a transfer to `own`, by the warehouse that it comes from; begun days count whole."""
    domain = [["warehouse_to", "=", own], ["warehouse_from", "!=", None]]
    fields = ["warehouse_from", "lead_time"]
    found = await rpc.model("stock.location.lead_time.search_read", domain, 0, None, None, fields)
    lasting = {one["warehouse_from"]: (one["lead_time"] or {}).get("seconds", 0) for one in found}
    return {house: int(-(-seconds // _DAY)) for house, seconds in lasting.items()}


def _tagged(day: str) -> dict[str, Any]:
    """A day on Tryton's wire."""
    found = date.fromisoformat(day)
    return {"__class__": "date", "year": found.year, "month": found.month, "day": found.day}


def _decimal(quantity: float | None) -> Decimal:
    return Decimal(repr(quantity or 0.0))


def _shown(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
