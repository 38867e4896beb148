"""The data of a catalogue's event, made of a record: members that its schema has, in their forms (ADR 0047)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.events.catalogue.registry import find
from services.records.mapping.document import found_at

_ELSEWHERE: Final[Mapping[str, Mapping[str, str]]] = {
    "customer": {"customer": "/id"},
    "inventory-position": {"location": "/warehouse", "quantity": "/on_hand", "unit": "/on_hand/unit"},
    "invoice": {"total": "/totals/total", "order": "/orders/0"},
    "item": {"item": "/id", "unit": "/base_unit"},
    "payment": {"reference": "/number", "received_at": "/paid_at"},
    "price-condition": {"price": "/unit_price"},
    "purchase-order": {"total": "/totals/total"},
    "return-authorisation": {"order": "/orders/0"},
    "sales-order": {"total": "/totals/total", "ship_to": "/ship_to/address", "notes": "/note"},
    "shipment": {"order": "/orders/0", "tracking": "/tracking/0", "ship_date": "/dispatched_on"},
    "supplier": {"supplier": "/id"},
}
"""Members of events that a record has under another name or further in."""
_NAMES: Final = ("id", "number", "value")
"""What stands for an object where an event has a text: a party's id, a document's number, a quantity's value."""


def data_of(kind: str, record: Mapping[str, Any], entity: str, type_: str) -> dict[str, Any]:
    """What an event of `type_` tells of the record. The whole record is in it as well, and its entity."""
    known = find(type_)
    if known is None:
        raise ValueError(f"the catalogue has no type {type_!r}")
    schema = known.schema
    elsewhere = _ELSEWHERE.get(kind, {})
    data: dict[str, Any] = {}
    for name, rule in schema["properties"].items():
        found = found_at(record, elsewhere.get(name, f"/{name}"))
        fitting = None if found is None else _fit(rule, found)
        if fitting is not None:
            data[name] = fitting
    return {**data, "entity": entity, "record": record}


def _fit(rule: Mapping[str, Any], value: Any) -> Any:
    """The value in the form of a member's schema; None where it has none."""
    kind = rule.get("type")
    if "const" in rule or "enum" in rule:
        return value
    if kind == "array":
        fitting = [_fit(rule["items"], one) for one in value] if isinstance(value, list) else []
        return [one for one in fitting if one is not None]
    if kind == "object":
        return _object(rule, value)
    if isinstance(value, dict):
        value = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
    is_right = isinstance(value, int) and not isinstance(value, bool) if kind == "integer" else isinstance(value, str)
    return value if is_right else None


def _object(rule: Mapping[str, Any], value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    quantity = value.get("quantity")
    value = {
        **({"unit": quantity.get("unit")} if isinstance(quantity, dict) else {}),
        **({"location": value["warehouse"]} if "warehouse" in value else {}),
        **value,
    }
    found = {name: _fit(one, value[name]) for name, one in rule["properties"].items() if value.get(name) is not None}
    found = {name: one for name, one in found.items() if one is not None}
    return found if set(rule.get("required", ())) <= found.keys() else None
