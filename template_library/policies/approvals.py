"""What counts as an approval: as it stands in a document, and as it happened in a run (ADR 0063, 0119).

A person decides about a `listen` for one event of the type `approval.decided`, which approves whatever is written
behind it, or about a human task with a `decision`, which approves what that decision covers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from template_library.dsl.model import Constant, EventFilter, FunctionCallTask, ListenTask, Task
from template_library.human_tasks import NAME
from template_library.policies import decisions
from template_library.policies.tasks import CONNECTOR, member, part

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


def approves(task: Task, domain: str) -> bool:
    """Whether the task ends only when somebody has decided about it who may decide about writes of the domain."""
    return is_approval(task) or domain in _decided_by(task)


def states(task: Task, domain: str) -> bool:
    """Whether a call of a connector names a decision that covers the domain, for the matrix to let it go by itself.

    It is held against the matrix when it is made: here it only tells that somebody will be asked.
    """
    if not isinstance(task, FunctionCallTask) or task.local or CONNECTOR.fullmatch(task.function) is None:
        return False
    stated = part(task.arguments, "authority")
    decision = None if stated is None else member(stated, "decision")
    return isinstance(decision, str) and domain in decisions.covered(decision)


def _decided_by(task: Task) -> frozenset[str]:
    """Domains that a human task is an approval for."""
    if not isinstance(task, FunctionCallTask) or task.local or task.source is not None or task.function != NAME:
        return frozenset()
    decision, outcomes, refusals = (member(task.arguments, name) for name in ("decision", "outcomes", "refusals"))
    if not isinstance(decision, str) or not decisions.approving(outcomes, refusals):
        return frozenset()
    return decisions.covered(decision)


def _is_decision(one: EventFilter) -> bool:
    return dict(one.attributes).get("type") == Constant(APPROVAL)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a task of a run.

    Attributes:
        source, id: of the event that told the run; empty of a human task, whose completion tells it. Of those that ran
            under one reference it is the last, whether anybody has decided it or not.
        covers: domains of writes; None: all.
    """

    reference: str
    source: str = ""
    id: str = ""
    is_approved: bool
    covers: frozenset[str] | None = None

    @property
    def is_of_task(self) -> bool:
        return not self.source

    def is_about(self, domain: str) -> bool:
        return self.covers is None or domain in self.covers


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a run's journal about a task that was decided about; `source` and `id` of an event that it heard."""

    kind: str
    reference: str
    source: str = ""
    id: str = ""


def lacking(lines: Collection[Line], decided: Iterable[Decision], at: str, domains: Iterable[str]) -> list[str]:
    """Those of `domains` that the task that runs as `at` has no approval for before it."""
    known = list(decided)
    of = {one: [each for each in known if each.is_about(one)] for one in domains}
    return [one for one, its in of.items() if not is_approved(lines, its, at)]


def is_approved(lines: Iterable[Line], decided: Collection[Decision], at: str) -> bool:
    """Whether the task that runs as `at` has an approval before it, by what happened in its run.

    The last word counts: a task that asks once more takes back what was said before, and so does a refusal. An event
    that nobody decided is no approval, whatever it says, nor is a human task that expired or that its deadline decided.
    What is decided in one branch of a fork says nothing for another.
    """
    known = {(one.reference, one.source, one.id): one.is_approved for one in decided if not one.is_of_task}
    tasks = {one.reference: one.is_approved for one in decided if one.is_of_task}
    references = {one.reference for one in decided}
    stands = False
    for line in lines:
        if line.reference not in references or _is_beside(line.reference, at):
            continue
        if line.kind == "event.consumed":
            stands = known.get((line.reference, line.source, line.id), False)
        elif line.kind == "task.completed":
            stands = tasks.get(line.reference, stands)
        else:
            stands = stands and line.kind.startswith("correlation.")
    return stands


def _is_beside(one: str, other: str) -> bool:
    """Whether two tasks are in different branches of a fork."""
    mine, theirs = one.split("/"), other.split("/")
    for place in range(2, min(len(mine), len(theirs))):
        if mine[:place] == theirs[:place] and mine[place] != theirs[place]:
            return mine[place - 2 : place] == ["fork", "branches"]
    return False
