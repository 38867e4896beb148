"""The open scopes of a strand: what is in them, where they are, and how they are left in a hurry. Pure."""

from __future__ import annotations

import msgspec

from services.engine import extending
from services.engine.activation import Activation
from services.engine.frames import Extending, Frame, Trying
from services.engine.state import Strand
from template_library.dsl.model import (
    DoTask,
    ForkTask,
    ForTask,
    FunctionCallTask,
    ListenTask,
    ProtocolCallTask,
    Task,
    TryTask,
    Workflow,
)


def children_of(activation: Activation, frame: Frame) -> tuple[str, ...]:
    """Paths of the tasks in the scope, in order."""
    return children(activation.workflow, frame, activation.strand)


def children(workflow: Workflow, frame: Frame, strand: Strand) -> tuple[str, ...]:
    """Paths of the tasks in the scope, which is one of the strand's, in order."""
    if not frame.path:
        return workflow.do
    if isinstance(frame.memory, Extending):
        return extending.tasks_of(workflow, frame, frame.memory)
    task = workflow.tasks[frame.path]
    if isinstance(task, ForkTask):
        branch = strand.branch
        return () if branch is None or frame is not strand.frames[0] else (task.branches[branch],)
    if isinstance(task, TryTask):
        tried = isinstance(frame.memory, Trying) and frame.memory.caught is msgspec.UNSET
        return task.tasks if tried else task.catch.tasks
    return _list_of(task)


def _list_of(task: Task) -> tuple[str, ...]:
    if isinstance(task, DoTask | ForTask):
        return task.tasks
    if isinstance(task, ListenTask):
        return () if task.foreach is None else task.foreach.tasks
    if isinstance(task, ProtocolCallTask):
        wanted = task.subscription
        return () if wanted is None or wanted.foreach is None else wanted.foreach.tasks
    return (task.body,) if isinstance(task, FunctionCallTask) and task.local else ()


def is_shown(frame: Frame, parent: Frame) -> bool:
    """Whether the frame is a task of its own: not a local function's body, nor an extension's list."""
    return frame.reference != parent.reference and not isinstance(frame.memory, Extending)


def interrupt(activation: Activation, frame: Frame) -> None:
    """Cancel whatever the current strand does inside `frame`."""
    strand = activation.strand
    cancel_children(activation, strand)
    while activation.top is not frame:
        inner = strand.frames.pop()
        if is_shown(inner, activation.top):
            activation.note("task.cancelled", inner)
    strand.wait = None


def cancel_children(activation: Activation, strand: Strand) -> None:
    """End every strand that was begun from `strand`, and theirs."""
    for child in [one for one in activation.strands.values() if one.parent == strand.id]:
        cancel_children(activation, child)
        current, activation.strand = activation.strand, child
        for frame, parent in zip(reversed(child.frames[1:]), reversed(child.frames[:-1]), strict=True):
            if is_shown(frame, parent):
                activation.note("task.cancelled", frame)
        activation.strand = current
        activation.drop(child)


def frame_of(activation: Activation, parent: Frame, path: str, reference: str) -> Frame:
    """The task at `path` inside `parent`, under its `reference_of`: entered once more."""
    key = ""
    if is_call(activation, parent):
        iteration, key = parent.iteration, parent.key
    else:
        iteration = activation.counters.get(reference, 0) + 1
        activation.counters[reference] = iteration
    return Frame(path, reference, raw=activation.strand.data, iteration=iteration, key=key, started_at=activation.now)


def reference_of(activation: Activation, parent: Frame, path: str) -> str:
    if is_call(activation, parent):  # the body of a local function runs as its caller
        return parent.reference
    return parent.reference + path[len(parent.path) :]


def is_call(activation: Activation, frame: Frame) -> bool:
    return runs_body(activation.workflow, frame)


def runs_body(workflow: Workflow, frame: Frame) -> bool:
    """Whether what is inside runs as the frame's own task: it calls a local function."""
    if not frame.path or isinstance(frame.memory, Extending):
        return False
    return isinstance(workflow.tasks[frame.path], FunctionCallTask)


def base_of(frame: Frame, path: str, now: int) -> Frame:
    """What a new strand stands on: tasks inside continue the references of the task that began it."""
    return Frame(path, frame.reference, iteration=frame.iteration, started_at=now)
