"""Whether what is free is enough, reckoned alike for every ERP, with decimals that lose nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def completed(values: Any, facts: Any) -> dict[str, Any]:
    """The output of `erp.items.availability`: `facts` are items and what is free of each, as the capability says.

    Of when each figure is goes along, where the facts say it.
    """
    found = answer(values["items"], {one["item"]: Decimal(one["available"]) for one in facts})
    known = {one["item"]: {"as_of": one["as_of"]} for one in facts if "as_of" in one}
    return {**found, "items": [{**line, **known.get(line["item"], {})} for line in found["items"]]}


def answer(wanted: list[dict[str, Any]], stock: dict[str, Decimal]) -> dict[str, Any]:
    """The same, with `stock` by item; an item that it lacks is not found.

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
