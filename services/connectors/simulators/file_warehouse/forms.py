"""The files of the simulated warehouse, letter by letter: by hand, so that what reads them is tried against another.

in/ORD*.txt          lines of H, D and T: an order each, as the connector's layout `orders` says
out/CONF-….txt       lines of H, C and T: what became of each order's line, an hour after it was taken
out/COUNT-….csv      what was counted, of the moment in its name
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

_ORDER: Final = {"order": (1, 21), "line": (21, 25), "sku": (25, 45), "qty": (45, 54), "uom": (54, 57)}
_LONGEST: Final = 164
ENCODING: Final = "cp1252"
_NEW: Final = 45
"""Where the next version of a confirmation has a column more."""
CONFIRMED: Final = "%Y%m%d%H%M"


class Rejected(Exception):
    """The file is none of an order; the message says why."""


def orders(text: str) -> list[dict[str, str]]:
    """The lines that are ordered. Raises Rejected."""
    lines = text.removesuffix("\r\n").split("\r\n")
    body = lines[1:-1]
    if not lines[0].startswith("HW9") or lines[-1] != f"T{len(body):06d}":
        raise Rejected("NOT WHOLE")
    if not body or any(not line.startswith("D") or len(line) != _LONGEST for line in body):
        raise Rejected("BAD LINE")
    return [{name: line[start:end].strip() for name, (start, end) in _ORDER.items()} for line in body]


def confirmations(rows: Iterable[dict[str, Any]], at: datetime) -> str:
    body = [
        f"C{one['order']:<20}{one['line']:<4}{one['sku']:<20}{one['ordered']:09d}{one['shipped']:09d}EA "
        f"{one['status']:<3}{one['shipment']:<12}{one['tracking']:<20}{at:%Y%m%d%H%M%S}"
        for one in rows
    ]
    return "".join(f"{line}\r\n" for line in [f"HW9  {at:%Y%m%d%H%M}", *body, f"T{len(body):06d}"])


def counts(items: Iterable[dict[str, Any]]) -> str:
    lines = [f"{one['id']};{one['location']};{one['counted']};{one['onHand']};EA" for one in items]
    return "".join(f"{line}\r\n" for line in ["sku;location;counted;expected;uom", *lines])


def drifted(text: str) -> str:
    """The same from its next version: a column has another name, or those behind a new one another place."""
    if text.startswith("sku;"):
        return text.replace(";counted;", ";count_qty;", 1)
    lines = text.removesuffix("\r\n").split("\r\n")
    return "".join(f"{one[:_NEW]}W9  {one[_NEW:]}\r\n" if one.startswith("C") else f"{one}\r\n" for one in lines)
