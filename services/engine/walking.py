"""The moves of the current strand: into a task, out of it, along a flow directive. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from services.engine.activation import Activation
from services.engine.durations import duration
from services.engine.frames import Frame, Trying
from services.engine.kinds import AGAIN, LEAVE, RUN
from services.engine.state import Ended, Scope, Strand
from services.engine.tasks import fork_task
from services.engine.tasks.outcome import Descend, Hear, Invoke, Nest, Outcome, Output, Sleep, Spread
from services.engine.waits import Calling, Effect, Joining, Listening, Sleeping, Wait
from template_library.dsl.model import DoTask, ForkTask, ForTask, FunctionCallTask, ListenTask, TryTask


async def move(activation: Activation) -> None:
    """One transition: enter the next child of the innermost scope, or leave the scope."""
    frame = activation.top
    children = children_of(activation, frame)
    if frame.index < len(children):
        await _enter(activation, children[frame.index])
    elif len(activation.frames) == 1:
        await _end_strand(activation)
    elif (again := AGAIN.get(type(task := activation.task_of(frame)))) is not None:
        await settle(activation, await again(task, activation))
    else:
        await complete(activation, activation.strand.data, None)


async def settle(activation: Activation, outcome: Outcome) -> None:
    """Do with the innermost scope what its task asked for."""
    strand, frame = activation.strand, activation.top
    if isinstance(outcome, Output):
        await complete(activation, outcome.value, outcome.then)
    elif isinstance(outcome, Descend):
        frame.index, strand.data = 0, outcome.value
    elif isinstance(outcome, Invoke):
        _wait(strand, Calling(_effect(activation, outcome)))
    elif isinstance(outcome, Sleep):
        _wait(strand, Sleeping(outcome.until))
    elif isinstance(outcome, Hear):
        _wait(strand, Listening())
    elif isinstance(outcome, Spread):
        _wait(strand, Joining())
        for branch in range(outcome.branches):
            activation.spawn(_base(frame, frame.path, activation.now), outcome.value, branch=branch)
    else:
        await _nest(activation, outcome)


async def open_scope(activation: Activation) -> None:
    """The workflow's input, checked and transformed, is the first task's (DSL, Data Flow, 1 and 2)."""
    workflow, scope, strand = activation.workflow, activation.scope, activation.strand
    activation.validate(workflow.input.schema, scope.input, "workflow input")
    strand.data = scope.input
    if workflow.input.template is not None:
        strand.data = await activation.render(workflow.input.template, scope.input)
    if workflow.timeout is not None:
        length = await duration(activation, workflow.timeout, "timeout", strand.data)
        strand.frames[0].deadline = activation.now + length


async def complete(activation: Activation, output: Any, then: str | None) -> None:
    """Leave the innermost scope with its raw output (DSL, Data Flow, 5 to 9)."""
    frame = activation.top
    task = activation.task_of(frame)
    given = {"input": frame.value, "raw_output": output}
    if task.output.template is not None:
        output = await activation.render(task.output.template, output, **given)
    activation.validate(task.output.schema, output, "task output")
    if task.export.template is not None:
        given["output"] = output
        activation.scope.context = await activation.render(task.export.template, output, **given)
    activation.validate(task.export.schema, activation.scope.context, "exported context")
    if not is_body(frame, activation.frames[-2]):
        activation.note("task.completed", frame, output=output)
    activation.frames.pop()
    activation.strand.data = output
    _direct(activation, then or task.then)


def children_of(activation: Activation, frame: Frame) -> tuple[str, ...]:
    """Paths of the tasks in the scope, in order."""
    if not frame.path:
        return activation.workflow.do
    task = activation.task_of(frame)
    if isinstance(task, DoTask | ForTask):
        return task.tasks
    if isinstance(task, ForkTask):
        branch = activation.strand.branch
        return () if branch is None or frame is not activation.frames[0] else (task.branches[branch],)
    if isinstance(task, TryTask):
        tried = isinstance(frame.memory, Trying) and frame.memory.caught is msgspec.UNSET
        return task.tasks if tried else task.catch.tasks
    if isinstance(task, ListenTask):
        return () if task.foreach is None else task.foreach.tasks
    return (task.body,) if isinstance(task, FunctionCallTask) and task.local else ()


def is_body(frame: Frame, parent: Frame) -> bool:
    """Whether the frame is a local function's body, which shows as its caller and not as a task of its own."""
    return frame.reference == parent.reference


def interrupt(activation: Activation, frame: Frame) -> None:
    """Cancel whatever the current strand does inside `frame`."""
    strand = activation.strand
    cancel_children(activation, strand)
    while activation.top is not frame:
        inner = strand.frames.pop()
        if not is_body(inner, activation.top):
            activation.note("task.cancelled", inner)
    strand.wait = None


def cancel_children(activation: Activation, strand: Strand) -> None:
    """End every strand that was begun from `strand`, and theirs."""
    for child in [one for one in activation.strands.values() if one.parent == strand.id]:
        cancel_children(activation, child)
        current, activation.strand = activation.strand, child
        for frame, parent in zip(reversed(child.frames[1:]), reversed(child.frames[:-1]), strict=True):
            if not is_body(frame, parent):
                activation.note("task.cancelled", frame)
        activation.strand = current
        activation.drop(child)


async def _enter(activation: Activation, path: str) -> None:
    parent = activation.top
    activation.count(_reference(activation, parent, path))
    task = activation.workflow.tasks[path]
    frame = _frame(activation, parent, path)
    activation.frames.append(frame)
    body = is_body(frame, parent)
    if task.condition is not None and not await activation.test(task.condition, frame.raw):
        activation.frames.pop()
        if not body:
            activation.note("task.skipped", frame)
        parent.index += 1
        return
    if not body:
        activation.note("task.started", frame)
    activation.validate(task.input.schema, frame.raw, "task input")
    if task.input.template is not None:
        frame.input = await activation.render(task.input.template, frame.raw)
    if task.timeout is not None:
        frame.deadline = activation.now + await duration(activation, task.timeout, "timeout", frame.value)
    await settle(activation, await RUN[type(task)](task, activation))


def _frame(activation: Activation, parent: Frame, path: str) -> Frame:
    reference = _reference(activation, parent, path)
    if _is_call(activation, parent):
        iteration = parent.iteration
    else:
        iteration = activation.counters.get(reference, 0) + 1
        activation.counters[reference] = iteration
    return Frame(path, reference, raw=activation.strand.data, iteration=iteration, started_at=activation.now)


def _reference(activation: Activation, parent: Frame, path: str) -> str:
    if _is_call(activation, parent):  # the body of a local function runs as its caller
        return parent.reference
    return parent.reference + path[len(parent.path) :]


def _is_call(activation: Activation, frame: Frame) -> bool:
    return bool(frame.path) and isinstance(activation.task_of(frame), FunctionCallTask)


def _direct(activation: Activation, then: str) -> None:
    """Follow the flow directive of the task that has just left the innermost scope."""
    parent = activation.top
    if then == "continue":
        parent.index += 1
    elif then == "end":
        _end_workflow(activation)
    elif then == "exit" or _is_call(activation, parent):
        parent.index = len(children_of(activation, parent))
        if len(activation.frames) > 1 and (leave := LEAVE.get(type(activation.task_of(parent)))) is not None:
            leave(activation)
    else:
        names = [activation.workflow.tasks[path].name for path in children_of(activation, parent)]
        parent.index = names.index(then)


def _end_workflow(activation: Activation) -> None:
    """Leave everything up to the workflow itself; what runs beside it is cancelled."""
    data = activation.strand.data
    while True:
        strand = activation.strand
        while len(strand.frames) > 1:
            frame = strand.frames.pop()
            if not is_body(frame, activation.top):
                activation.note("task.completed", frame)
        if strand.branch is None or strand.parent is None:
            break
        activation.drop(strand)
        activation.strand = activation.strands[strand.parent]
        cancel_children(activation, activation.strand)
    strand.wait, strand.data = None, data
    strand.frames[0].index = len(activation.workflow.do)


async def _end_strand(activation: Activation) -> None:
    """The strand's list is through: the run's end, or its part of what the strand behind it waits for."""
    strand, output = activation.strand, activation.strand.data
    if strand.branch is None:
        output = await _output(activation)
    if strand.parent is None:
        activation.end(Ended(state="completed", output=output))
        return
    activation.drop(strand)
    activation.strand = parent = activation.strands[strand.parent]
    if strand.branch is not None:
        task = activation.task_of(activation.top)
        if not isinstance(task, ForkTask):
            raise TypeError("a branch without its fork")
        known = fork_task.joined(task, activation, strand.branch, output)
        if known is None:
            return
        cancel_children(activation, parent)
        output = known[0]
    parent.wait = None
    await complete(activation, output, None)


async def _output(activation: Activation) -> Any:
    """The workflow's output, transformed and checked (DSL, Data Flow, 10 and 11)."""
    transform, output = activation.workflow.output, activation.strand.data
    if transform.template is not None:
        output = await activation.render(transform.template, output)
    activation.validate(transform.schema, output, "workflow output")
    return output


async def _nest(activation: Activation, nest: Nest) -> None:
    frame = activation.top
    _wait(activation.strand, Joining())
    scope = Scope(nest.program, nest.value, {}, activation.now)
    activation.strand = activation.spawn(_base(frame, "", activation.now), None, scope=scope)
    await open_scope(activation)


def _base(frame: Frame, path: str, now: int) -> Frame:
    """What a new strand stands on: tasks inside continue the references of the task that began it."""
    return Frame(path, frame.reference, iteration=frame.iteration, started_at=now)


def _wait(strand: Strand, wait: Wait) -> None:
    strand.wait, strand.data = wait, None


def _effect(activation: Activation, invoke: Invoke) -> Effect:
    frame = activation.top
    return Effect(
        function=invoke.function,
        arguments=invoke.arguments,
        reference=frame.reference,
        iteration=frame.iteration,
        name=activation.task_of(frame).name,
    )
