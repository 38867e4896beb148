"""What an order, or a line of it, can be in; and what it may become from there. Staying where it is is no step."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

_WAY: Final = ("pick-released", "picked", "packed", "shipped", "delivered", "invoiced", "closed")
_BEFORE_SHIPPING: Final = ("captured", "validated", "held", "released", "allocated", "backordered", *_WAY[:3])


def _next() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {
        "captured": {"validated"},
        "validated": {"held", "released"},
        "held": {"released"},
        "released": {"allocated", "backordered"},
        "allocated": {"pick-released", "backordered"},
        "backordered": {"allocated"},
        "changed": {"validated"},
        "cancelled": {"closed"},
        "returned": {"closed"},
        "closed": set(),
    }
    for one, following in pairwise(_WAY):
        found.setdefault(one, set()).add(following)
    for one in _BEFORE_SHIPPING:
        # What has left can come back, and is neither changed nor cancelled any more.
        found[one] |= {"changed", "cancelled"}
    found["changed"] |= {"changed", "cancelled"}
    for one in ("shipped", "delivered", "invoiced"):
        found[one].add("returned")
    return {one: frozenset(following) for one, following in found.items()}


NEXT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(_next())
"""Each state, with those that may follow it at once."""
