"""The operations that every ERP connector offers, in one form: a template knows these and no other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from services.connectors.sdk.manifest import Mode, Operation
from services.connectors.sdk.money import SCHEMA as MONEY

CREDIT: Final = "erp.customers.credit"
AVAILABILITY: Final = "erp.items.availability"
CREATE_ORDER: Final = "erp.sales-orders.create"

_CODE: Final[dict[str, Any]] = {"type": "string", "minLength": 1, "maxLength": 100}
_QUANTITY: Final[dict[str, Any]] = {
    "description": "positive; a decimal string keeps its digits",
    "oneOf": [
        {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
        {"type": "string", "pattern": "^[0-9]{1,10}(\\.[0-9]{1,6})?$", "allOf": [{"pattern": "[1-9]"}]},
    ],
}
_DECIMAL: Final[dict[str, Any]] = {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"}
_CURRENCY: Final = MONEY["properties"]["currency"]


def _record(*optional: str, **properties: Any) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(item: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_MAX_LINES: Final = 500
_ITEM: Final = _record(item=_CODE, quantity=_QUANTITY)
_STOCK: Final = _record(
    item=_CODE, found={"type": "boolean"}, requested=_DECIMAL, available=_DECIMAL, sufficient={"type": "boolean"}
)
_LINE: Final = _record("description", item=_CODE, quantity=_QUANTITY, unit_price=MONEY, description={"type": "string"})


def operations(*, write: Mode, evens_out: bool = False) -> tuple[Operation, ...]:
    """The three operations; `write` and `evens_out` are how this ERP stands a repeated creation."""
    return (
        Operation(
            name=CREDIT,
            title="Credit limit and exposure of a customer",
            mode="read",
            input=_record(customer=_CODE),
            output=_record(
                customer=_CODE,
                found={"type": "boolean"},
                limit=_or_null(MONEY),
                exposure=_or_null(MONEY),
                available=_or_null(MONEY),
            ),
        ),
        Operation(
            name=AVAILABILITY,
            title="Stock that is free to promise",
            mode="read",
            input=_record(items=_list(_ITEM, _MAX_LINES)),
            output=_record(items={"type": "array", "items": _STOCK}, sufficient={"type": "boolean"}),
        ),
        Operation(
            name=CREATE_ORDER,
            title="Create and confirm a sales order",
            mode=write,
            evens_out=evens_out,
            writes=("order",),
            input=_record(reference=_CODE, customer=_CODE, currency=_CURRENCY, lines=_list(_LINE, _MAX_LINES)),
            output=_record(
                number={"type": "string"},
                state={"const": "confirmed"},
                reference=_CODE,
                total=MONEY,
                duplicates_cancelled={"type": "integer", "minimum": 0},
            ),
        ),
    )


def stock_answer(wanted: list[dict[str, Any]], stock: dict[str, Decimal]) -> dict[str, Any]:
    """The output of `erp.items.availability`: `stock` is what is free by item; an item that it lacks is not found.

    An item on two lines needs the sum of both.
    """
    needed: dict[str, Decimal] = {}
    for line in wanted:
        needed[line["item"]] = needed.get(line["item"], Decimal(0)) + Decimal(line["quantity"])
    items = [
        {
            "item": line["item"],
            "found": line["item"] in stock,
            "requested": _plain(Decimal(line["quantity"])),
            "available": _plain(stock.get(line["item"], Decimal(0))),
            "sufficient": line["item"] in stock and stock[line["item"]] >= needed[line["item"]],
        }
        for line in wanted
    ]
    return {"items": items, "sufficient": all(item["sufficient"] for item in items)}


def _plain(value: Decimal) -> str:
    """Without exponent or trailing zeros: `500`, `0.5`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
