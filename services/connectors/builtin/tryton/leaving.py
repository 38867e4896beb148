"""When shipments became shipped and done, by the log that Tryton keeps of each change of a state.

The shipment itself says only which of the two it is; and many become done without ever having been shipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from services.connectors.builtin.tryton import changes, states
from services.connectors.builtin.tryton.place import instant
from services.connectors.builtin.tryton.session import Rpc

Told = Mapping[str, datetime]
"""Of one shipment: since when it is `shipped` and `done`, as it became so last; what it never was is missing."""

_MODEL: Final = "stock.shipment.out"
_TARGETS: Final = {"state:shipped": "shipped", "state:done": "done"}
_BACK: Final = frozenset({"state:draft", "state:waiting", "state:picked", "state:packed", "state:cancelled"})
"""Behind these nothing of what was before counts."""


async def told(rpc: Rpc, ids: Iterable[int]) -> dict[int, Told]:
    """By the shipment's id; of one whose log says nothing, nothing."""
    named = [f"{_MODEL},{one}" for one in sorted(set(ids))]
    found: dict[int, dict[str, datetime]] = {}
    for at in range(0, len(named), changes.READ):
        domain = [
            ["resource", "in", named[at : at + changes.READ]],
            ["event", "=", "transition"],
            ["target", "in", sorted({*_TARGETS, *_BACK})],
        ]
        order, fields = [["create_date", "ASC"], ["id", "ASC"]], ["resource", "target", "create_date"]
        for one in await rpc.model("ir.model.log.search_read", domain, 0, None, order, fields):
            known = found.setdefault(int(one["resource"].partition(",")[2]), {})
            if one["target"] in _BACK:
                known.clear()
            else:
                known[_TARGETS[one["target"]]] = instant(one["create_date"])
    return dict(found)


def state(shipment: Mapping[str, Any], told: Told) -> str:
    """How far it is, by its own `state` and that log."""
    is_delivered = shipment["state"] == "done" and "shipped" in told
    return states.DELIVERED if is_delivered else str(shipment["state"])
