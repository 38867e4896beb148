"""A workflow as a picture: what may follow what, under the references that a run's journal carries.

Control enters a task that encloses others at the task itself and leaves it from within; so each path of a run is a path
along the edges. The body of a local function shows under every call of it, as it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from template_library.dsl.captions import detail, title
from template_library.dsl.model import (
    DoTask,
    FunctionCallTask,
    HttpCallTask,
    RaiseTask,
    SetTask,
    SwitchTask,
    Task,
    Workflow,
)

START: Final = "start"
END: Final = "end"
MOST_NODES: Final = 2_000
"""From here on calls of local functions stay closed: each may hold calls of others, and so on (S-34)."""
_MOST_CALLS: Final = 16

Kind = Literal["start", "end", "call", "do", "raise", "set", "switch"]
Way = Literal["next", "case", "default", "skipped", "fault"]

KINDS: Final[Mapping[type[Task], Kind]] = {
    DoTask: "do",
    FunctionCallTask: "call",
    HttpCallTask: "call",
    RaiseTask: "raise",
    SetTask: "set",
    SwitchTask: "switch",
}
"""The words of the language for what a task does. A new kind of task has its line here and its way in `_Drawing`."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A task where it runs, or one of the two ends.

    Attributes:
        reference: as in the journal; `start` and `end` for the ends.
        detail: what the task is about, such as its operation; None where its kind says everything.
        parent: reference of the enclosing task.
    """

    reference: str
    name: str
    kind: Kind
    title: str
    detail: str | None = None
    parent: str | None = None


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """Control may pass from `source` to `target`.

    Attributes:
        kind: `case` and `default` leave a switch; `skipped` is taken when the task's condition does not hold; `fault`
            ends the run with an error.
        label: the case's name.
    """

    source: str
    target: str
    kind: Way = "next"
    label: str | None = None


class Graph(msgspec.Struct, frozen=True):
    """`is_whole` is false when calls stayed closed for their number."""

    nodes: list[Node]
    edges: list[Edge]
    is_whole: bool


class _Ways(msgspec.Struct, frozen=True):
    """Where each flow directive leads from one place: references by task name beside those of the language."""

    next: str
    leave: str
    named: Mapping[str, str]

    def target(self, then: str) -> str:
        if then == "continue":
            return self.next
        if then == "exit":
            return self.leave
        return END if then == "end" else self.named[then]


def graph(workflow: Workflow) -> Graph:
    """The picture of `workflow`. Nodes in the order of the text, a task before what it encloses."""
    drawing = _Drawing(workflow)
    drawing.nodes.append(Node(reference=START, name="", kind="start", title="Start"))
    drawing.edge(START, workflow.do[0])
    drawing.sequence(workflow.do, "", "", END, 0)
    drawing.nodes.append(Node(reference=END, name="", kind="end", title="End"))
    return Graph(drawing.nodes, list(drawing.edges), drawing.is_whole)


class _Drawing:
    def __init__(self, workflow: Workflow) -> None:
        self._tasks = workflow.tasks
        self.nodes: list[Node] = []
        self.edges: dict[Edge, None] = {}
        self.is_whole = True

    def edge(self, source: str, target: str, kind: Way = "next", label: str | None = None) -> None:
        self.edges[Edge(source=source, target=target, kind=kind, label=label)] = None

    def sequence(self, paths: tuple[str, ...], path: str, reference: str, leave: str, calls: int) -> str:
        """Draw a list of the task at `path`, which runs as `reference`; answers where it begins.

        `leave` is where control goes behind it, `calls` how many local functions are open around it.
        """
        references = [reference + one[len(path) :] for one in paths]
        named = {self._tasks[one].name: at for one, at in zip(paths, references, strict=True)}
        for one, at, following in zip(paths, references, [*references[1:], leave], strict=True):
            task = self._tasks[one]
            self.nodes.append(_node(task, at, reference or None))
            self._task(task, at, _Ways(following, leave, named), calls)
        return references[0]

    def _task(self, task: Task, at: str, ways: _Ways, calls: int) -> None:
        if isinstance(task, SwitchTask):
            self._switch(task, at, ways)
        elif isinstance(task, RaiseTask):
            self.edge(at, END, "fault")
        elif isinstance(task, DoTask):
            self.edge(at, self.sequence(task.tasks, task.path, at, ways.target(task.then), calls))
        elif isinstance(task, FunctionCallTask) and task.local:
            self._call(task, at, ways.target(task.then), calls)
        else:
            self.edge(at, ways.target(task.then))
        if task.condition is not None:
            self._skip(at, ways.next)

    def _skip(self, at: str, following: str) -> None:
        """Unless control goes there anyway: two lines between two tasks tell nothing."""
        if Edge(source=at, target=following) not in self.edges:
            self.edge(at, following, "skipped")

    def _call(self, task: FunctionCallTask, at: str, behind: str, calls: int) -> None:
        """The body runs as its caller, with no node of its own; what it encloses has."""
        if calls >= _MOST_CALLS or len(self.nodes) >= MOST_NODES:
            self.is_whole = False
            self.edge(at, behind)
            return
        self._task(self._tasks[task.body], at, _Ways(behind, behind, {}), calls + 1)

    def _switch(self, task: SwitchTask, at: str, ways: _Ways) -> None:
        for case in task.cases:
            way: Way = "default" if case.when is None else "case"
            self.edge(at, ways.target(case.then), way, case.name)
        if all(case.when is not None for case in task.cases):
            self.edge(at, ways.target(task.then))


def _node(task: Task, at: str, parent: str | None) -> Node:
    return Node(
        reference=at, name=task.name, kind=KINDS[type(task)], title=title(task), detail=detail(task), parent=parent
    )
