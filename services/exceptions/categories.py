"""The categories of exceptions, and what people may do with one of each (ADR 0030)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Category = Literal["failed", "uncertain", "parked", "quarantined", "outage", "dead-letter", "missed", "data"]
Action = Literal["retry", "skip", "resume", "cancel", "compensate", "discard", "assign", "note"]
Done = Literal["retried", "skipped", "resumed", "cancelled", "compensated", "discarded", "assigned", "noted"]

EVERY: Final[tuple[Category, ...]] = get_args(Category)
OF_LIVING_RUNS: Final[frozenset[Category]] = frozenset({"uncertain", "parked", "quarantined"})
"""Their runs have not ended: who discards one of these cancels its run."""

TAKES: Final[Mapping[Action, frozenset[Category]]] = {
    "retry": frozenset({"failed", "quarantined"}),
    "skip": frozenset({"failed"}),
    "resume": frozenset({"quarantined"}),
    "cancel": OF_LIVING_RUNS,
    "compensate": frozenset({"failed"}),
    "discard": frozenset(EVERY) - {"outage"},
    "assign": frozenset(EVERY),
    "note": frozenset(EVERY),
}
ENDS: Final[frozenset[Action]] = frozenset({"cancel", "discard"})
"""What is not done with an exception of an entry: its run may be well, and the entry is decided."""
NO_SKIP: Final = "Its workflow does not declare that what failed may be skipped: retry it, or discard it with a reason"
NO_COMPENSATION: Final = (
    "Its workflow does not declare what undoes it: retry it, or discard it with a reason once that is done by hand"
)
OF_ENTRY: Final = "Decide its entry: `/entries/{entry}/reconcile`"

OTHERWISE: Final[Mapping[Category, str]] = {
    "failed": "Its run has ended: retry it, or discard the exception with a reason",
    "uncertain": "Decide the effect of unknown outcome (`/runs/{run}/effects/{effect}/decide`), or cancel the run",
    "parked": "Its run goes on when the connection is back or its entry is answered; it can be cancelled or discarded",
    "quarantined": "Its run was set aside by the engine: resume, cancel or discard it",
    "outage": "It ends by itself with the first call that is answered; correct the connection where it is wrong",
    "dead-letter": "It stands for events that began no run, or were not taken in; discard it once that is put right",
    "missed": "It stands for a time at which nothing was done; discard it once that is put right",
    "data": "Systems contradict each other or their map: it ends when they agree again, or discard it with a reason",
}
