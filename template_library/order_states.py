"""What an order, or a line of it, can be in, and what it may become from there. The data are in `order_states.json`.

Events, records, connectors and screens use these words and no others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

_FILE: Final = Path(__file__).with_suffix(".json")


class _State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    next: frozenset[str]


_READ: Final = msgspec.json.decode(_FILE.read_bytes(), type=dict[str, _State])

TITLES: Final[Mapping[str, str]] = MappingProxyType({name: one.title for name, one in _READ.items()})
"""All of them, with words for people, the straight way first."""
NEXT: Final[Mapping[str, frozenset[str]]] = MappingProxyType({name: one.next for name, one in _READ.items()})
"""Each state, with those that may follow it at once."""
DECIDED: Final = frozenset({"held", "changed", "cancelled", "returned"})
"""Nobody comes to one of these on the way to another: each is somebody's decision, and is told or did not happen."""


class UnknownState(ValueError):
    """No state of an order. Use one of `TITLES`."""


class ForbiddenTransition(ValueError):
    """What a system says of an order cannot follow what is known of it. It is an exception, for whoever keeps the data.

    Attributes:
        present: the state that was known.
        wanted: the one that was told.
    """

    cause: Final = "forbidden-transition"

    def __init__(self, present: str, wanted: str) -> None:
        super().__init__(f"an order that is {present} does not become {wanted}")
        self.present = present
        self.wanted = wanted


def may_follow(present: str, wanted: str) -> bool:
    """Whether one step leads from the first to the second. To stay is none.

    Raises:
        UnknownState: one of them is none.
    """
    return _known(wanted) in NEXT[_known(present)]


def way(present: str | None, wanted: str) -> tuple[str, ...]:
    """The states that an order came through since it was last seen, `wanted` the last; empty when it stayed.

    A system that is asked from time to time, or has fewer states than these, tells some and is silent about others. So
    what lies on the straight way is taken as passed, by as few steps as there are; a decision (`DECIDED`) never is.

    Args:
        present: as it was last known; None: nobody knew of it, and any state may be its first.
        wanted: as it is told now.

    Raises:
        ForbiddenTransition: no way leads there.
        UnknownState: one of them is none.
    """
    _known(wanted)
    if present is None:
        return (wanted,)
    if _known(present) == wanted:
        return ()
    waiting: deque[tuple[str, tuple[str, ...]]] = deque([(present, ())])
    seen = {present}
    while waiting:
        here, passed = waiting.popleft()
        if wanted in NEXT[here]:
            return (*passed, wanted)
        # In the order of the file, so that the answer is the same each time.
        for one in TITLES:
            if one in NEXT[here] and one not in seen | DECIDED:
                seen.add(one)
                waiting.append((one, (*passed, one)))
    raise ForbiddenTransition(present, wanted)


def _known(state: str) -> str:
    if state not in NEXT:
        raise UnknownState(f"{state[:40]!r} is no state of an order")
    return state
