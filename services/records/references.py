"""Which other records a record names, each as its own system knows it: a shipment its orders (ADR 0080)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from services.records.keys import ID, Key
from services.records.meeting import Named

_ORDER: Final = "sales-order"
_DOCUMENTS: Final[Mapping[str, str]] = {
    "orders": _ORDER,
    "invoices": "invoice",
    "shipments": "shipment",
    "shipment": "shipment",
}
"""Members that name documents, and what these are."""
KINDS: Final = frozenset({*_DOCUMENTS.values(), "purchase-order"})
"""Records that others name."""
_ELSEWHERE: Final = frozenset({"supplier"})
"""Whose member this is buys: its orders are purchase orders."""
_OWN: Final[Mapping[str, str]] = MappingProxyType({})


def named_by(record: Mapping[str, Any], system: str, systems: Mapping[str, str] = _OWN) -> Iterator[Named]:
    """Those whose history this belongs to as well. `systems`: by kind whose ids are named, where it is another's."""

    def named(kind: str, number: str) -> Named:
        return Named(kind, Key(systems.get(kind, system), number))

    buys = bool(_ELSEWHERE & record.keys())
    for member, kind in _DOCUMENTS.items():
        given = record.get(member, [])
        for one in given if isinstance(given, list) else [given]:
            number = one.get("number") if isinstance(one, dict) else None
            if isinstance(number, str) and ID.fullmatch(number):
                yield named("purchase-order" if buys and kind == _ORDER else kind, number)
    for line in record.get("lines", []):
        order = line.get("order") if isinstance(line, dict) else None
        number = order.get("order") if isinstance(order, dict) else None
        if isinstance(number, str) and ID.fullmatch(number):
            yield named("purchase-order" if buys else _ORDER, number)
