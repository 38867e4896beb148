"""What may be done with an exception, and what is tried first: by category, where its template has no runbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.exceptions.categories import ENDS, TAKES, Action, Category

NEXT: Final[Mapping[Category, str]] = {
    "failed": "Read its error. Put right what it names, then retry: what was done already is not done twice.",
    "uncertain": "Look in the system whether the call arrived, then decide its effect: done, or to be sent again.",
    "parked": "Wait for the connection. What must go out today is done by hand, and its entry answered.",
    "quarantined": "Look at what it did last. Resume it once; if it comes back, cancel it and tell who runs this.",
    "outage": "Tell whoever runs the system since when it is away. Enter the playbook if it stays so.",
    "dead-letter": "Correct the deployment or what its sender sends, have it sent again, then discard this.",
    "missed": "See whether the work is still needed. Start it by an event if so, then discard it.",
    "data": "Ask which system is right, correct the other, and it ends by itself.",
}
OF_ENTRY: Final = "Compare the entry with what its system has, and decide it."


def next_step(category: Category, *, is_of_entry: bool) -> str:
    return OF_ENTRY if is_of_entry else NEXT[category]


def actions(category: Category, *, is_of_entry: bool, takes_skip: bool, compensates: bool) -> list[Action]:
    """Which acts an open one takes."""
    takes = [one for one, of in TAKES.items() if category in of and not (is_of_entry and one in ENDS)]
    declared = {"skip": takes_skip, "compensate": compensates}
    return [one for one in takes if declared.get(one, True)]
