"""Values on Tryton's wire: JSON whose decimals and dates are tagged objects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def tagged(value: Any) -> Any:
    """`value` as Tryton wants it."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, dict):
        return {name: tagged(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [tagged(part) for part in value]
    return value


def plain(value: Any) -> Any:
    """Tagged decimals become Decimal; other tags stay, since no field that we read has them."""
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        if value.get("__class__") == "Decimal":
            return Decimal(value["decimal"])
        return {name: plain(part) for name, part in value.items()}
    return value


def writable(answer: dict[str, Any]) -> dict[str, Any]:
    """What `default_get` and `on_change` answered, without the `field.` members that only name records."""
    return {name: value for name, value in answer.items() if "." not in name and value is not None}


def added_ids(value: Any) -> list[int]:
    """The ids in an `on_change` answer for an x2many field: `[ids]` or `{"add": [[index, {"id": n}]], …}`."""
    if isinstance(value, dict):
        return [record["id"] for _, record in value.get("add", [])]
    return list(value or [])
