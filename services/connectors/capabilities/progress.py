"""How far an ERP's orders are. One with a status that stands for no state is told apart, and keeps no other back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.connectors.capabilities import records

_STATUS: Final = "status"


def completed(_values: Any, facts: Any) -> dict[str, Any]:
    """An answer of `erp.sales-orders.watch`. `facts` have the ERP's own `status` beside each `state` or null."""
    fit: list[dict[str, Any]] = []
    told: list[dict[str, str]] = []
    for one in facts["sales"]:
        unknown = next(_unknown(one["order"]), None)
        if unknown is not None:
            told.append(records.unfit(one["sale"], *unknown))
            continue
        try:
            fit.append({**one, "order": records.made("order", _bare(one["order"]))})
        except records.NoRecord as error:
            told.append(records.unfit(one["sale"], error.hidden))
    found = {**facts, "sales": fit}
    return {**found, "unfit": told} if told else found


def _unknown(order: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Why the order cannot be told, with the status that nobody knows."""
    if order["state"] is None:
        yield "its status stands for no state of an order", order[_STATUS]
    for line in order["lines"]:
        if _STATUS in line and line["state"] is None:
            yield f"the status of its line {line.get('line')} stands for no state of an order", line[_STATUS]


def _bare(order: Mapping[str, Any]) -> dict[str, Any]:
    lines = [{name: value for name, value in line.items() if name != _STATUS} for line in order["lines"]]
    return {**{name: value for name, value in order.items() if name != _STATUS}, "lines": lines}
