"""What counts as an approval: as it stands in a document, and as it happened in a run (ADR 0063).

Today a person decides about a `listen` for one event of the type `approval.decided`. A task that is made for it will
count here as well, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from template_library.dsl.model import Constant, EventFilter, ListenTask, Task

APPROVAL: Final = "approval.decided"
"""The type of the event that tells a run what a person decided."""


def is_approval(task: Task) -> bool:
    """Whether the task ends only when somebody has decided about it. One under a condition may be skipped as well.

    It waits for one event: where others have to come as well, who decides could no longer be told that it is asked,
    and what comes behind the decision would be the last word.
    """
    if not isinstance(task, ListenTask) or task.foreach is not None or task.to.until is not None:
        return False
    if task.to.strategy == "all" and len(task.to.filters) > 1:
        return False
    return bool(task.to.filters) and all(map(_is_decision, task.to.filters))


def _is_decision(one: EventFilter) -> bool:
    return dict(one.attributes).get("type") == Constant(APPROVAL)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a task of a run; `source` and `id` are of the event that told the run."""

    reference: str
    source: str
    id: str
    is_approved: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a run's journal about a task that was decided about; `source` and `id` of an event that it heard."""

    kind: str
    reference: str
    source: str = ""
    id: str = ""


def is_approved(lines: Iterable[Line], decisions: Collection[Decision], at: str) -> bool:
    """Whether the task that runs as `at` has an approval before it, by what happened in its run.

    The last word counts: a task that asks once more takes back what was said before, and so does a refusal. An event
    that nobody decided is no approval, whatever it says. What is decided in one branch of a fork says nothing for
    another.
    """
    known = {(one.reference, one.source, one.id): one.is_approved for one in decisions}
    references = {one.reference for one in decisions}
    stands = False
    for line in lines:
        if line.reference not in references or _is_beside(line.reference, at):
            continue
        if line.kind == "event.consumed":
            stands = known.get((line.reference, line.source, line.id), False)
        elif line.kind != "task.completed":
            stands = stands and line.kind.startswith("correlation.")
    return stands


def _is_beside(one: str, other: str) -> bool:
    """Whether two tasks are in different branches of a fork."""
    mine, theirs = one.split("/"), other.split("/")
    for place in range(2, min(len(mine), len(theirs))):
        if mine[:place] == theirs[:place] and mine[place] != theirs[place]:
            return mine[place - 2 : place] == ["fork", "branches"]
    return False
