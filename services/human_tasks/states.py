"""The states of a human task, and which act leads from one to which (ADR 0097). Pure.

- created and offered are claimed; what is delegated to somebody they claim, too; what is held is released to the queue
- every open one can be delegated to a person, reassigned to another role's queue, completed, expired or cancelled
- one that was cancelled, or that expired, is offered anew when its run asks for it again
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from infra.problems import Conflict

State = Literal["created", "offered", "claimed", "delegated", "completed", "expired", "cancelled"]
Move = Literal["offer", "claim", "release", "delegate", "reassign", "complete", "expire", "cancel"]

STATES: Final[tuple[State, ...]] = get_args(State)
MOVES: Final[tuple[Move, ...]] = get_args(Move)
OPEN: Final[frozenset[State]] = frozenset({"created", "offered", "claimed", "delegated"})
HELD: Final[frozenset[State]] = frozenset({"claimed", "delegated"})
"""Somebody has it in hand."""

_ENDS: Final[dict[Move, State]] = {"complete": "completed", "expire": "expired", "cancel": "cancelled"}
_TABLE: Final[Mapping[tuple[State, Move], State]] = {
    **{(state, move): end for state in OPEN for move, end in _ENDS.items()},
    **{(state, "delegate"): "delegated" for state in OPEN},
    **{(state, "reassign"): "offered" for state in OPEN},
    ("created", "offer"): "offered",
    ("cancelled", "offer"): "offered",
    ("expired", "offer"): "offered",
    ("created", "claim"): "claimed",
    ("offered", "claim"): "claimed",
    # What somebody was given, they take in hand.
    ("delegated", "claim"): "claimed",
    ("claimed", "release"): "offered",
    ("delegated", "release"): "offered",
}


class TaskStands(Conflict):
    """The task takes no such act as it stands. Read it again: `state` and history say why."""

    name = "task-stands"
    title = "Not with the task as it stands"


def after(state: State, move: Move) -> State:
    """Where `move` leads. Raises TaskStands: nowhere."""
    found = _TABLE.get((state, move))
    if found is None:
        raise TaskStands(f"It is {state}")
    return found


def leads(state: State, move: Move) -> bool:
    return (state, move) in _TABLE
