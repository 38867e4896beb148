"""Orders as a shop lists them. One whose status stands for no state is told apart, and keeps no other back."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.capabilities.records import unfit

_NEEDED: Final = ("id", "number", "at")


def completed(_values: Any, facts: Any) -> dict[str, Any]:
    """An answer of `shop.orders.list`. Each order of `facts` has the shop's own `status` beside its `state` or null."""
    fit: list[dict[str, Any]] = []
    told: list[dict[str, str]] = []
    for one in facts["orders"]:
        missing = [name for name in _NEEDED if not isinstance(one.get(name), str) or not one[name]]
        known_by = one.get("number") or one.get("id") or ""
        if missing:
            told.append(unfit(known_by, f"the order has no {' and no '.join(missing)}"))
        elif one["state"] is None:
            told.append(unfit(known_by, "its status stands for no state of an order", one["status"]))
        else:
            fit.append({name: value for name, value in one.items() if name != "status"})
    found = {**facts, "orders": fit}
    return {**found, "unfit": told} if told else found
