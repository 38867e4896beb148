"""What a run listens for, as rows that new events are compared with. Pure.

The rows let through what may matter and never less: patterns, expressions, numbers and correlations are for the
interpreter, which sees every event that passes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.engine.frames import Hearing
from services.engine.state import Snapshot

_LONGEST: Final = 512
"""Characters of an attribute of any event."""


class Subscription(msgspec.Struct, frozen=True):
    """One filter of one listener.

    Attributes:
        type: None for any.
        attributes: what the others must be, as far as that is plain text.
    """

    type: str | None
    attributes: dict[str, str]


def of(snapshot: Snapshot | None) -> list[Subscription]:
    """In the order of the listeners, each kind once."""
    found: dict[bytes, Subscription] = {}
    for strand in snapshot.strands if snapshot is not None else ():
        for frame in strand.frames:
            if isinstance(frame.memory, Hearing) and frame.hears:
                # A listener without filters hears everything.
                for wanted in frame.memory.filters or [{}]:
                    one = _subscription(wanted)
                    found.setdefault(msgspec.json.encode(one, order="sorted"), one)
    return list(found.values())


def texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Those attributes of an event that a row can be compared with."""
    return {name: value for name, value in attributes.items() if isinstance(value, str) and _is_storable(value)}


def _subscription(wanted: Mapping[str, Any]) -> Subscription:
    plain = {
        name: value
        for name, value in wanted.items()
        if isinstance(value, str) and not _is_pattern(value) and _is_storable(value) and name != "data"
    }
    return Subscription(plain.pop("type", None), plain)


def _is_pattern(text: str) -> bool:
    return text.startswith("^") or text.endswith("$")


def _is_storable(text: str) -> bool:
    """Whether the database can hold it; no attribute of an event is other text than this."""
    return len(text) <= _LONGEST and "\0" not in text and text.isprintable()
