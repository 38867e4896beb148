"""The moves of the current strand: into a task, out of it, along a flow directive. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from services.engine import extending
from services.engine.activation import Activation
from services.engine.durations import duration
from services.engine.faults import Fault
from services.engine.frames import Extending, Frame
from services.engine.kinds import AGAIN, LEAVE, RUN
from services.engine.scopes import base_of, cancel_children, children_of, frame_of, is_call, is_shown, reference_of
from services.engine.state import Ended, Scope, Strand
from services.engine.tasks import fork_task, run_task
from services.engine.tasks.outcome import Descend, Hear, Invoke, Nest, Outcome, Output, Sleep, Spread
from services.engine.transforms import passed_on
from services.engine.waits import Calling, Effect, Joining, Listening, Sleeping, Wait
from template_library.dsl.model import NOTHING, ForkTask, HttpCallTask, ProtocolCallTask, RunTask, Task, Transform


async def move(activation: Activation) -> None:
    """One transition: enter the next child of the innermost scope, or leave the scope."""
    frame = activation.top
    children = children_of(activation, frame)
    if frame.index < len(children):
        await _enter(activation, children[frame.index])
    elif len(activation.frames) == 1:
        await _end_strand(activation)
    elif isinstance(frame.memory, Extending):
        await _extended(activation, frame, frame.memory)
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
        _wait(strand, Calling(_effect(activation, outcome), goes_on=outcome.goes_on))
    elif isinstance(outcome, Sleep):
        _wait(strand, Sleeping(outcome.until))
    elif isinstance(outcome, Hear):
        _wait(strand, Listening())
    elif isinstance(outcome, Spread):
        _wait(strand, Joining())
        for branch in range(outcome.branches):
            activation.spawn(base_of(frame, frame.path, activation.now), outcome.value, branch=branch)
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
    """Leave the innermost scope with its raw output, once the extensions behind it are through."""
    if not extending.open_behind(activation, output, then):
        await _complete(activation, output, then)


async def pass_by(activation: Activation, output: Any) -> None:
    """Leave the innermost scope as skipped: `output` is the task's as it is, and its extensions are not run."""
    frame = activation.top
    task = activation.task_of(frame)
    output = await passed_on(activation, output, Transform(schema=task.output.schema), task.export, "task output")
    if is_shown(frame, activation.frames[-2]):
        activation.note("task.completed", frame, output=output, skipped=True)
    activation.frames.pop()
    activation.strand.data = output
    _direct(activation, task.then)


async def _complete(activation: Activation, output: Any, then: str | None) -> None:
    """The output on its way to the next task (DSL, Data Flow, 5 to 9)."""
    frame = activation.top
    task = activation.task_of(frame)
    output = await passed_on(activation, output, task.output, task.export, "task output")
    if is_shown(frame, activation.frames[-2]):
        activation.note("task.completed", frame, output=output)
    activation.frames.pop()
    activation.strand.data = output
    _direct(activation, then or task.then)


async def _enter(activation: Activation, path: str) -> None:
    parent = activation.top
    reference = reference_of(activation, parent, path)
    activation.count(reference)
    task = activation.workflow.tasks[path]
    frame = frame_of(activation, parent, path, reference)
    activation.frames.append(frame)
    shown = is_shown(frame, parent)
    if not await _holds(activation, task, shown=shown):
        activation.frames.pop()
        if shown:
            activation.note("task.skipped", frame)
        parent.index += 1
        return
    if shown:
        activation.note("task.started", frame)
    activation.validate(task.input.schema, frame.raw, "task input")
    if task.input.template is not None:
        frame.input = await activation.render(task.input.template, frame.raw)
    if task.timeout is not None:
        frame.deadline = activation.now + await duration(activation, task.timeout, "timeout", frame.value)
    if shown and activation.workflow.extensions:
        frame.extensions = await extending.find(task, activation)
    if not (frame.extensions and extending.open_before(activation)):
        await settle(activation, await RUN[type(task)](task, activation))


async def rerun(activation: Activation) -> None:
    """Run the innermost task on its raw input once more. It is not entered anew: its effects keep their keys."""
    frame = activation.top
    task = activation.task_of(frame)
    frame.memory, frame.input = None, msgspec.UNSET
    activation.validate(task.input.schema, frame.raw, "task input")
    if task.input.template is not None:
        frame.input = await activation.render(task.input.template, frame.raw)
    await settle(activation, await RUN[type(task)](task, activation))


async def _holds(activation: Activation, task: Task, *, shown: bool) -> bool:
    """Whether the condition of the innermost scope's task holds. One that fails is the task's error: it has begun."""
    frame = activation.top
    try:
        return task.condition is None or await activation.test(task.condition, frame.raw)
    except Fault:
        if shown:
            activation.note("task.started", frame)
        raise


async def _extended(activation: Activation, frame: Frame, memory: Extending) -> None:
    """An extension's list is through: the next one, or the task, or what is behind the task."""
    given, place = activation.strand.data, extending.place_of(activation.workflow, frame)
    activation.frames.pop()
    if memory.is_bypassed:
        await complete(activation, given, None)
    elif memory.is_behind:
        if not extending.open_behind(activation, memory.output, memory.then, place):
            await _complete(activation, memory.output, memory.then)
    elif not extending.open_before(activation, place):
        task = activation.task_of(activation.top)
        await settle(activation, await RUN[type(task)](task, activation))


def _direct(activation: Activation, then: str) -> None:
    """Follow the flow directive of the task that has just left the innermost scope."""
    parent = activation.top
    if then == "continue":
        parent.index += 1
    elif then == "end":
        _end_workflow(activation)
    elif then == "exit" or is_call(activation, parent):
        parent.index = len(children_of(activation, parent))
        if isinstance(parent.memory, Extending):
            parent.memory = msgspec.structs.replace(parent.memory, is_bypassed=not parent.memory.is_behind)
        elif len(activation.frames) > 1 and (leave := LEAVE.get(type(activation.task_of(parent)))) is not None:
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
            if is_shown(frame, activation.top):
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
    elif isinstance(task := activation.task_of(activation.top), RunTask):
        output = run_task.completed(task, output)
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
    activation.strand = activation.spawn(base_of(frame, "", activation.now), None, scope=scope)
    await open_scope(activation)


def _wait(strand: Strand, wait: Wait) -> None:
    strand.wait, strand.data = wait, None


def _effect(activation: Activation, invoke: Invoke) -> Effect:
    frame = activation.top
    task = activation.task_of(frame)
    return Effect(
        function=invoke.function,
        arguments=invoke.arguments,
        reference=frame.reference,
        iteration=frame.iteration,
        name=task.name,
        key=frame.key,
        sealed=isinstance(task, HttpCallTask | ProtocolCallTask | RunTask) and task.sealed != NOTHING,
    )
