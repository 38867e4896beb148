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
    EmitTask,
    ForkTask,
    ForTask,
    FunctionCallTask,
    HttpCallTask,
    ListenTask,
    ProtocolCallTask,
    RaiseTask,
    RunTask,
    SetTask,
    SwitchTask,
    Task,
    TryTask,
    WaitTask,
    Workflow,
)

START: Final = "start"
END: Final = "end"
MOST_NODES: Final = 2_000
"""From here on calls of local functions stay closed: each may hold calls of others, and so on (S-34)."""

Kind = Literal[
    "start", "end", "call", "do", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait"
]
Way = Literal["next", "case", "default", "skipped", "fault", "again", "branch", "caught"]

KINDS: Final[Mapping[type[Task], Kind]] = {
    DoTask: "do",
    EmitTask: "emit",
    ForkTask: "fork",
    ForTask: "for",
    FunctionCallTask: "call",
    HttpCallTask: "call",
    ListenTask: "listen",
    ProtocolCallTask: "call",
    RaiseTask: "raise",
    RunTask: "run",
    SetTask: "set",
    SwitchTask: "switch",
    TryTask: "try",
    WaitTask: "wait",
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
            ends the run with an error; `again` begins the next round of a loop; `branch` enters one of several that run
            at once; `caught` leads from what failed to what catches it.
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


_Targets = tuple[tuple[str, Way], ...]
"""Where control may go from a place, and in what way."""


class _Around(msgspec.Struct, frozen=True):
    """What a list lies in: where control goes behind it, and where its errors go."""

    leave: _Targets
    faults: _Targets


class _Ways(msgspec.Struct, frozen=True):
    """Where each flow directive leads from one place: references by task name beside those of the language."""

    next: _Targets
    named: Mapping[str, str]
    around: _Around

    def targets(self, then: str) -> _Targets:
        if then == "continue":
            return self.next
        if then == "exit":
            return self.around.leave
        return ((END if then == "end" else self.named[then], "next"),)


def graph(workflow: Workflow) -> Graph:
    """The picture of `workflow`. Nodes in the order of the text, a task before what it encloses."""
    drawing = _Drawing(workflow)
    drawing.nodes.append(Node(reference=START, name="", kind="start", title="Start"))
    drawing.edge(START, workflow.do[0])
    drawing.sequence(workflow.do, "", "", _Around(((END, "next"),), ((END, "fault"),)))
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

    def _pass(self, source: str, targets: _Targets, kind: Way = "next", label: str | None = None) -> None:
        for target, way in targets:
            self.edge(source, target, way if kind == "next" else kind, label)

    def sequence(self, paths: tuple[str, ...], path: str, reference: str, around: _Around) -> str:
        """Draw a list of the task at `path`, which runs as `reference`; answers where it begins."""
        references = [reference + one[len(path) :] for one in paths]
        named = {self._tasks[one].name: at for one, at in zip(paths, references, strict=True)}
        behind: list[_Targets] = [*(((one, "next"),) for one in references[1:]), around.leave]
        for one, at, following in zip(paths, references, behind, strict=True):
            task = self._tasks[one]
            self.nodes.append(_node(task, at, reference or None))
            self._task(task, at, _Ways(following, named, around))
        return references[0]

    def _task(self, task: Task, at: str, ways: _Ways) -> None:
        behind = ways.targets(task.then)
        inside = msgspec.structs.replace(ways.around, leave=behind)
        if isinstance(task, SwitchTask):
            self._switch(task, at, ways)
        elif isinstance(task, RaiseTask):
            self._pass(at, inside.faults)
        elif isinstance(task, DoTask):
            self.edge(at, self.sequence(task.tasks, task.path, at, inside))
        elif isinstance(task, ForkTask):
            for path in task.branches:
                self.edge(at, self.sequence((path,), task.path, at, inside), "branch")
        elif isinstance(task, TryTask):
            self._try(task, at, inside)
        elif rounds := _rounds(task):
            self._loop(task, rounds, at, inside)
        elif isinstance(task, FunctionCallTask) and task.local:
            self._call(task, at, inside)
        else:
            self._pass(at, behind)
        if task.condition is not None:
            self._skip(at, ways.next)

    def _skip(self, at: str, following: _Targets) -> None:
        """Unless control goes there anyway: two lines between two tasks tell nothing."""
        for target, _ in following:
            if Edge(source=at, target=target) not in self.edges:
                self.edge(at, target, "skipped")

    def _call(self, task: FunctionCallTask, at: str, inside: _Around) -> None:
        """The body runs as its caller, with no node of its own; what it encloses has."""
        if len(self.nodes) >= MOST_NODES:
            self.is_whole = False
            self._pass(at, inside.leave)
            return
        self._task(self._tasks[task.body], at, _Ways(inside.leave, {}, inside))

    def _switch(self, task: SwitchTask, at: str, ways: _Ways) -> None:
        for case in task.cases:
            self._pass(at, ways.targets(case.then), "default" if case.when is None else "case", case.name)
        if all(case.when is not None for case in task.cases):
            self._pass(at, ways.targets(task.then))

    def _loop(self, task: Task, rounds: tuple[str, ...], at: str, inside: _Around) -> None:
        """There may be no round at all, one or many."""
        first = at + rounds[0][len(task.path) :]
        self.edge(at, first)
        self._pass(at, inside.leave)
        again: _Targets = (*inside.leave, (first, "again"))
        self.sequence(rounds, task.path, at, msgspec.structs.replace(inside, leave=again))

    def _try(self, task: TryTask, at: str, inside: _Around) -> None:
        """What is caught leads from the task itself, and from each `raise` inside it."""
        catch = task.catch
        caught: _Targets = tuple((target, "caught") for target, _ in inside.leave)
        if catch.tasks:
            caught = ((at + catch.tasks[0][len(task.path) :], "caught"),)
        catches_all = catch.errors is None and catch.when is None and catch.except_when is None
        faults = caught if catches_all else (*caught, *inside.faults)
        self.edge(at, self.sequence(task.tasks, task.path, at, msgspec.structs.replace(inside, faults=faults)))
        self._pass(at, caught)
        if catch.tasks:
            self.sequence(catch.tasks, task.path, at, inside)


def _rounds(task: Task) -> tuple[str, ...]:
    """What runs for each item, or for each event or message that the task consumes."""
    if isinstance(task, ForTask):
        return task.tasks
    if isinstance(task, ListenTask) and task.foreach is not None:
        return task.foreach.tasks
    if isinstance(task, ProtocolCallTask) and task.subscription is not None and task.subscription.foreach is not None:
        return task.subscription.foreach.tasks
    return ()


def _node(task: Task, at: str, parent: str | None) -> Node:
    return Node(
        reference=at, name=task.name, kind=KINDS[type(task)], title=title(task), detail=detail(task), parent=parent
    )
