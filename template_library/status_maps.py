"""How the statuses of one system stand for the states of orders: data of its connector, checked before it is used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from template_library.order_states import NEXT, TITLES

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["statuses", "states"],
    "properties": {
        "statuses": {
            "description": "Every status that the system has.",
            "type": "array",
            "minItems": 1,
            "maxItems": 200,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1, "maxLength": 200},
        },
        "states": {
            "description": "The state of an order that each stands for; null: it says nothing of it.",
            "type": "object",
            "additionalProperties": {"enum": [*TITLES, None]},
        },
    },
    "additionalProperties": False,
}
"""Of the document that a connector's manifest holds."""


class UnmappedStatus(ValueError):
    """A system says a status that its map does not have. It is an exception: nobody guesses what became of the order.

    Attributes:
        status: as the system put it.
    """

    cause: Final = "unmapped-status"

    def __init__(self, status: str) -> None:
        super().__init__(f"the status {status[:80]!r} is mapped to no state of an order")
        self.status = status


class StatusMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of orders, or of their lines where these have statuses of their own.

    Attributes:
        statuses: every status that the system has, as its document or its own list says.
        states: the state that each stands for; None: it says nothing of it, such as that a text was printed.
    """

    statuses: tuple[str, ...]
    states: Mapping[str, str | None]

    def state_of(self, status: str) -> str | None:
        """Letter for letter: a system's `Done` is not its `done`.

        Raises:
            UnmappedStatus: see there.
        """
        if status not in self.states:
            raise UnmappedStatus(status)
        return self.states[status]


def faults(read: StatusMap, seen: Collection[str] = ()) -> list[str]:
    """What keeps a map from being used, a sentence each; `seen` are statuses that the real system was found to have."""
    listed = set(read.statuses)
    found = [f"`{one}` is listed twice" for one in sorted(listed) if read.statuses.count(one) > 1]
    found += [f"`{one}` is mapped to nothing" for one in sorted(listed - read.states.keys())]
    found += [f"`{one}` is mapped and is no status of the system" for one in sorted(read.states.keys() - listed)]
    found += [f"the system has `{one}`, which is not listed" for one in sorted(set(seen) - listed)]
    found += [
        f"`{one}` is mapped to `{state}`, which is no state of an order"
        for one, state in sorted(read.states.items())
        if state is not None and state not in NEXT
    ]
    return found
