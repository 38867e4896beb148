"""Lifecycle events of a run: CloudEvents of the workflow language, rendered from the run's journal (ADR 0022). Pure.

Whoever renders a line gets the same events, with the same ids: the API that is asked, the worker that tells of an end,
the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids

TOPIC: Final = "runs"
"""Of the messages that tell of a run's end and of what people did to it."""
PREFIX: Final = "io.serverlessworkflow."

Event = dict[str, Any]
"""A CloudEvent in its JSON form."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the journal; members of `data` may be values or `msgspec.Raw`."""

    seq: int
    at: datetime
    kind: str
    reference: str = ""
    data: Mapping[str, Any] = {}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The run that is told of. `definition`: namespace, name and version of its document."""

    tenant: UUID
    run: UUID
    definition: Mapping[str, str]


_OWN: Final = {
    "workflow.started": "workflow.started",
    "workflow.completed": "workflow.completed",
    "workflow.faulted": "workflow.faulted",
    "workflow.cancelled": "workflow.cancelled",
    "run.suspended": "workflow.suspended",
    "run.quarantined": "workflow.suspended",
    "run.resumed": "workflow.resumed",
    "correlation.started": "workflow.correlation-started",
    "correlation.completed": "workflow.correlation-completed",
    "task.started": "task.started",
    "task.retried": "task.retried",
    "task.completed": "task.completed",
    "task.faulted": "task.faulted",
    "task.cancelled": "task.cancelled",
}
"""What a line is an event of. The other kinds of line are none of the language's."""
_OF_OPEN_TASKS: Final = {
    "workflow.completed": "task.cancelled",
    "workflow.faulted": "task.cancelled",
    "workflow.cancelled": "task.cancelled",
    "workflow.suspended": "task.suspended",
    "workflow.resumed": "task.resumed",
}
"""What happens with the workflow to every task that is under way. No task is, where the interpreter ended the run."""
_MEMBERS: Final = {
    "workflow.completed": ("output", "output"),
    "workflow.faulted": ("error", "error"),
    "workflow.correlation-completed": ("keys", "correlationKeys"),
    "task.completed": ("output", "output"),
    "task.faulted": ("error", "error"),
}
"""By type: what of the line's data it carries, and under which name."""
_ENDS: Final = frozenset({"task.completed", "task.faulted", "task.cancelled"})
TASK_BEGINS: Final = "task.started"
TASK_LINES: Final = (TASK_BEGINS, *sorted(_ENDS))
"""Kinds of line that tell which tasks are under way."""
ABOUT_TASKS: Final = frozenset(kind for kind, name in _OWN.items() if name in _OF_OPEN_TASKS)
"""Kinds of line that tell of the tasks under way, too."""
MIGRATED: Final = "run.migrated"
"""Kind of line behind which the tasks under way may have other references: `moved` in its data, old to new."""
OVER: Final = frozenset(kind for kind, name in _OWN.items() if _OF_OPEN_TASKS.get(name) == "task.cancelled")
"""Kinds of line behind which nothing follows."""


class Rendering:
    """One run's lines as events; take the lines in their order."""

    def __init__(self, subject: Subject, under_way: Iterable[str] = ()) -> None:
        """`under_way`: references of the tasks that are, before the first line that is taken, in order of beginning."""
        self._run = ids.show("run", subject.run)
        self._source = f"urn:tenant:{ids.show('ten', subject.tenant)}"
        self._definition = subject.definition
        self._name = f"{subject.definition['name']}-{self._run}.{subject.definition['namespace']}"
        self._under_way = dict.fromkeys(under_way)

    def events(self, line: Line) -> list[Event]:
        """What the line tells, in order; nothing for a line that is the engine's own."""
        if line.kind == MIGRATED:
            self._under_way = dict.fromkeys(carried(self._under_way, line.data))
        name = _OWN.get(line.kind)
        if name is None:
            return []
        told = [self._own(name, line)]
        if name == TASK_BEGINS:
            self._under_way[line.reference] = None
            return [self._event(f"{line.seq}.1", "task.created", line, line.reference), *told]
        if name in _ENDS:
            self._under_way.pop(line.reference, None)
        beside = self._beside(name, line)
        return [*told, *beside] if name == "workflow.resumed" else [*beside, *told]

    def _own(self, name: str, line: Line) -> Event:
        data: dict[str, Any] = {"definition": self._definition} if name == "workflow.started" else {}
        stored, shown = _MEMBERS.get(name, ("", ""))
        if stored in line.data:
            data[shown] = line.data[stored]
        return self._event(str(line.seq), name, line, line.reference, data)

    def _beside(self, name: str, line: Line) -> list[Event]:
        """The same for each task under way: the innermost first, and last when they go on."""
        of_task = _OF_OPEN_TASKS.get(name)
        if of_task is None:
            return []
        references = list(self._under_way)
        if of_task == "task.cancelled":
            self._under_way.clear()
        if of_task != "task.resumed":
            references.reverse()
        return [
            self._event(f"{line.seq}.{number}", of_task, line, reference)
            for number, reference in enumerate(references, 1)
        ]

    def _event(self, place: str, name: str, line: Line, task: str, more: Mapping[str, Any] | None = None) -> Event:
        moment = line.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        noun, _, verb = name.partition(".")
        whose = {"name": self._name} if noun == "workflow" else {"workflow": self._name, "task": task}
        return {
            "specversion": "1.0",
            "id": f"{self._run}-{place}",
            "source": self._source,
            "type": f"{PREFIX}{name}.v1",
            "subject": self._run,
            "time": moment,
            "datacontenttype": "application/json",
            "data": {**whose, f"{verb.rpartition('-')[2]}At": moment, **(more or {})},
        }


def carried(references: Iterable[str], data: Mapping[str, Any]) -> list[str]:
    """References of tasks under way behind a line of a migration; `data` is the line's."""
    moved = data.get("moved", {})
    if isinstance(moved, msgspec.Raw):
        moved = msgspec.json.decode(moved, type=dict[str, str])
    return [moved.get(one, one) for one in references]


def own(subject: Subject, line: Line) -> Event:
    """The event that the line itself is, without those of the tasks beside it. Raises LookupError where it is none."""
    for event in Rendering(subject).events(line):
        if event["id"].endswith(f"-{line.seq}"):
            return event
    raise LookupError(line.kind)


def members(text: str | None) -> dict[str, msgspec.Raw]:
    """The data of a stored line, its members as they stand there: numbers keep their digits."""
    return {} if text is None else msgspec.json.decode(text, type=dict[str, msgspec.Raw])
