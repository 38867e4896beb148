"""Every path of a workflow that reaches a guarded write without an approval before it. Pure (ADR 0063, 0119).

Asked is one thing of each task: where control may go from it while nobody has approved. Behind an approval everything
may happen, so that nothing behind one is looked at; each task is looked at once, however often it is called. What is
an approval for one domain may be none for another: domains with the same approvals are walked together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from template_library.dsl.compensations import POINTER as COMPENSATION
from template_library.dsl.graph import KINDS
from template_library.dsl.model import (
    DoTask,
    Extension,
    ForkTask,
    ForTask,
    FunctionCallTask,
    ListenTask,
    ProtocolCallTask,
    RaiseTask,
    RunTask,
    SwitchTask,
    Task,
    TryTask,
    Workflow,
)
from template_library.policies.approvals import approves, states
from template_library.policies.capabilities import Writes
from template_library.policies.reach import HERE, NOWHERE, Reach, Trail, Violation, both, joined, placed
from template_library.policies.rules import Rule, broken_by

MOST: Final = 20
"""Violations that are told of one workflow."""
_COMPOSITE: Final = frozenset({"do", "fork"})


def violations(
    programs: Mapping[str, Workflow], writes: Callable[[Task], Writes], rules: Sequence[Rule]
) -> list[Violation]:
    """What breaks the rules: at most one for each task, `MOST` in all.

    `programs` holds the workflow under the empty name, and all that it runs by the names that its tasks give them. One
    that is missing is taken to write nothing. What nobody waits for is a run of its own, and needs an approval there.
    """
    found: dict[str, Violation] = {}
    for domains in _alike(programs, frozenset[str]().union(*(one.guards for one in rules))):
        walk = _Walk(programs, writes, rules, domains)
        for one in (*walk.program("").breaches, *walk.apart()):
            found[one.reference] = both(found.get(one.reference, one), one)
    return list(found.values())[:MOST]


def _alike(programs: Mapping[str, Workflow], domains: Writes) -> list[Writes]:
    """The domains, those together that the same tasks approve."""
    tasks = [task for workflow in programs.values() for task in workflow.tasks.values()]
    found: dict[tuple[bool, ...], set[str]] = {}
    for one in sorted(domains):
        found.setdefault(tuple(approves(task, one) for task in tasks), set()).add(one)
    return [frozenset(one) for one in found.values()]


class _Walk:
    """Of writes of `domains`, which the same tasks approve."""

    def __init__(
        self, programs: Mapping[str, Workflow], writes: Callable[[Task], Writes], rules: Sequence[Rule], domains: Writes
    ) -> None:
        self._programs = programs
        self._writes = writes
        self._rules = rules
        self._domains = domains
        self._one = next(iter(domains), "")
        self._known: dict[tuple[str, str, bool, bool], Reach] = {}

    def program(self, name: str, *, is_inside: bool = False) -> Reach:
        """Of a whole workflow; its end is `done`. `is_inside`: extensions' tasks run it, so that its own are not."""
        key = (name, "", is_inside, False)
        if key not in self._known:
            self._known[key] = HERE  # one that runs itself is refused elsewhere
            reach = self._list(name, self._programs[name].do, "", is_inside=is_inside)
            left = next(iter(reach.ways.values()), None)
            self._known[key] = Reach({} if left is None else {"done": left}, reach.breaches)
        return self._known[key]

    def apart(self) -> Iterator[Violation]:
        """Of workflows that are begun and not waited for, wherever that is, and of those that undo a run."""
        for name, workflow in self._programs.items():
            undoes = workflow.compensation or ""
            if undoes in self._programs and undoes:
                at = f"{name}{COMPENSATION}"
                yield from (placed(one, at, (at,)) for one in self.program(undoes).breaches)
            for task in workflow.tasks.values():
                wanted = _run_by(task)
                if isinstance(task, RunTask) and not task.wait and wanted in self._programs:
                    at = f"{name}{task.path}"
                    yield from (placed(one, at, (at,)) for one in self.program(wanted).breaches)

    def _list(self, program: str, paths: Sequence[str], base: str, *, is_inside: bool = False) -> Reach:
        """Of a list of the task at `base`, from its first task on."""
        tasks = self._programs[program].tasks
        places = {tasks[path].name: place for place, path in enumerate(paths)}
        came: dict[int, Trail] = {0: ()}
        left: dict[str, Trail] = {}
        breaches: list[Violation] = []
        queue = deque([0])
        while queue:
            place = queue.popleft()
            at = paths[place][len(base) :]
            reach = self._task(program, paths[place], is_inside=is_inside).below(at, came[place])
            breaches += reach.breaches
            for then, trail in reach.ways.items():
                target = place + 1 if then == "continue" else places.get(then, -1)
                if then in {"exit", "end"} or not 0 <= target < len(paths):
                    left.setdefault(then if then in {"continue", "end"} else "exit", trail)
                elif target not in came:
                    came[target] = trail
                    queue.append(target)
        return Reach(left, tuple(breaches))

    def _task(self, program: str, path: str, *, is_inside: bool = False, is_shown: bool = True) -> Reach:
        key = (program, path, is_inside, is_shown)
        if key not in self._known:
            self._known[key] = Reach({"continue": ("",)})  # a function that calls itself ends some time, or never
            task = self._programs[program].tasks[path]
            reach = self._core(program, task, is_inside=is_inside)
            extensions = () if is_inside or not is_shown else _around(self._programs[program], task)
            if extensions:
                reach = self._extended(program, reach, extensions)
            ways = {task.then if then == "done" else then: trail for then, trail in reach.ways.items()}
            if task.condition is not None:
                ways.setdefault("continue", ("",))
            self._known[key] = Reach(ways, reach.breaches)
        return self._known[key]

    def _core(self, program: str, task: Task, *, is_inside: bool) -> Reach:
        """Of the task alone: `done` is where its own directive is followed."""
        if approves(task, self._one) or isinstance(task, RaiseTask):
            return NOWHERE
        if isinstance(task, SwitchTask):
            ways: dict[str, Trail] = {case.then: ("",) for case in task.cases}
            is_whole = any(case.when is None for case in task.cases)
            return Reach(ways if is_whole else {"done": ("",), **ways})
        if isinstance(task, ForkTask):
            return self._fork(program, task, is_inside=is_inside)
        if (name := _run_by(task)) in self._programs and name:
            return _nested(task, self.program(name, is_inside=is_inside))
        asked = frozenset(one for one in self._writes(task) & self._domains if not states(task, one))
        names, breaches = broken_by(self._rules, asked)
        own = Violation(reference="", domains=tuple(breaches), rules=tuple(names), path=("",))
        lists = [self._inner(program, task, paths, is_inside=is_inside) for paths in _lists(task)]
        if isinstance(task, FunctionCallTask) and task.local:
            reach = self._task(program, task.body, is_inside=is_inside, is_shown=False)
            left = {"end" if then == "end" else "exit": trail for then, trail in reach.ways.items()}
            lists.append(Reach(left, reach.breaches))
        return _composed(task, lists, (own,) if names else ())

    def _inner(self, program: str, task: Task, paths: Sequence[str], *, is_inside: bool) -> Reach:
        return self._list(program, paths, task.path, is_inside=is_inside).below("", ("",))

    def _fork(self, program: str, task: ForkTask, *, is_inside: bool) -> Reach:
        """All of its branches end before it does; of those that compete, one."""
        branches = [self._inner(program, task, (path,), is_inside=is_inside) for path in task.branches]
        ends = [one.ways["end"] for one in branches if "end" in one.ways]
        ways = {"end": ends[0]} if ends else {}
        passed = [one.passes() for one in branches]
        through = next((trail for trail in passed if trail is not None), None)
        if through is not None and (task.compete or None not in passed):
            ways["done"] = through
        return Reach(ways, tuple(one for branch in branches for one in branch.breaches))

    def _extended(self, program: str, core: Reach, extensions: Sequence[Extension]) -> Reach:
        """Lists of extensions before the task and behind it; `exit` in one before leaves the task out."""
        ended: dict[str, Trail] = {}
        breaches: list[Violation] = []

        def through(extension: Extension, paths: Sequence[str], came: Trail) -> Reach:
            at = f"/extensions/{extension.name}"
            reach = self._list(program, paths, extension.path, is_inside=True).below(at, came)
            breaches.extend(reach.breaches)
            if "end" in reach.ways:
                ended.setdefault("end", reach.ways["end"])
            return reach

        entered: Trail | None = ()
        bypassed: Trail | None = None
        for one in extensions:
            if not one.before or entered is None:
                continue
            reach = through(one, one.before, entered)
            bypassed = bypassed or reach.ways.get("exit")
            passed = reach.ways.get("continue")
            entered = entered if one.when is not None and passed is None else passed
        ways = {} if entered is None else {then: joined(entered, trail) for then, trail in core.ways.items()}
        if entered is not None:
            breaches += [placed(one, "", entered) for one in core.breaches]
        if bypassed is not None:
            ways.setdefault("done", bypassed)
        ended |= {"end": ways.pop("end")} if "end" in ways else {}
        for one in extensions:
            if not one.after or not ways:
                continue
            reach = through(one, one.after, next(iter(ways.values())))
            if reach.passes() is None and one.when is None:
                ways = {}
        return Reach(ways | ended, tuple(breaches))


def _composed(task: Task, lists: Sequence[Reach], own: tuple[Violation, ...]) -> Reach:
    ways: dict[str, Trail] = {}
    for one in lists:
        if (trail := one.passes()) is not None:
            ways.setdefault("done", trail)
        if "end" in one.ways:
            ways.setdefault("end", one.ways["end"])
    # There may be no round at all; what is caught may have failed before anything was approved.
    is_open = not isinstance(task, DoTask | TryTask) and not (isinstance(task, FunctionCallTask) and task.local)
    if is_open or (isinstance(task, TryTask) and not task.catch.tasks):
        ways["done"] = ("",)
    return Reach(ways, (*own, *(breach for one in lists for breach in one.breaches)))


def _lists(task: Task) -> Iterator[tuple[str, ...]]:
    """Lists that may be entered before anybody has approved inside the task."""
    if isinstance(task, DoTask | ForTask | TryTask):
        yield task.tasks
    if isinstance(task, TryTask) and task.catch.tasks:
        yield task.catch.tasks
    each = None
    if isinstance(task, ListenTask):
        each = task.foreach
    elif isinstance(task, ProtocolCallTask) and task.subscription is not None:
        each = task.subscription.foreach
    if each is not None and each.tasks:
        yield each.tasks


def _nested(task: Task, reach: Reach) -> Reach:
    """One that nobody waits for goes its own way (`apart`)."""
    if isinstance(task, RunTask) and not task.wait:
        return HERE
    return reach.below("", ("",))


def _run_by(task: Task) -> str:
    """The name of the workflow that the task runs, or of the function from elsewhere that it calls."""
    if isinstance(task, RunTask) and task.workflow is not None:
        return f"{task.workflow.namespace}/{task.workflow.name}:{task.workflow.version}"
    return task.function if isinstance(task, FunctionCallTask) and task.source is not None else ""


def _around(workflow: Workflow, task: Task) -> tuple[Extension, ...]:
    kind = KINDS[type(task)]
    word = "composite" if kind in _COMPOSITE else kind
    return tuple(one for one in workflow.extensions if one.extend in {"all", word})
