"""Which system's ids an event has: as its mapping says of the connection that told it (ADR 0135)."""

from __future__ import annotations

import re
from collections.abc import Mapping as Members
from typing import Any, Final

import msgspec

from services.records.mapping.applying import NotMade
from services.records.mapping.document import Mapping

PLACE: Final = "/connections/"
_SOURCE: Final = re.compile(rf"{PLACE}([^/]+)/.+")
"""As polling gives it to what a connection's watch tells, with the trigger behind it."""


def connection_of(event: Members[str, Any]) -> str | None:
    """The connection that told it, by its source; None: none did, such as a sender over the API."""
    found = _SOURCE.fullmatch(str(event.get("source", "")))
    return found and found[1]


def resolved(mapping: Mapping, event: Members[str, Any]) -> Mapping | None:
    """The mapping with the system of the event's connection. None: it takes nothing of that connection.

    Raises:
        NotMade: it names connections, and not this one.
    """
    name = connection_of(event)
    if name is None or not mapping.connections:
        return mapping
    if name not in mapping.connections:
        raise NotMade("mapping-failed", f"its connections do not say what system {name} is", about=f"connection {name}")
    system = mapping.connections[name]
    return None if system is None else msgspec.structs.replace(mapping, system=system)
