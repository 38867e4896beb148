"""Moves a run forward as far as it can go without an effect. Pure: no clock, no database, no network, no chance.

The same snapshot and the same answer always give the same step. The stack is explicit and lies in the snapshot, so that
a run can stop between any two tasks, for a year or on another machine.
"""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final

import msgspec

from services.engine import values
from services.engine.activation import Activation, Program
from services.engine.expressions.protocol import Evaluator
from services.engine.faults import Fault, standard
from services.engine.functions import Done, ErrorDetails, Failed
from services.engine.state import Effect, Ended, Frame, RunDescriptor, Snapshot, Step
from services.engine.tasks import call_task, do_task, raise_task, set_task, switch_task
from services.engine.tasks.outcome import Descend, Invoke, Outcome, Output
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

_KINDS: Final[dict[type[Task], Callable[[Any, Activation], Awaitable[Outcome]]]] = {
    DoTask: do_task.run,
    SetTask: set_task.run,
    SwitchTask: switch_task.run,
    RaiseTask: raise_task.run,
    HttpCallTask: call_task.run_http,
    FunctionCallTask: call_task.run_function,
}
# The loop of the process gets a turn this often in a long row of pure tasks.
_BREATH: Final = 50


class Interpreter:
    """Runs of one workflow version. Holds no state of any run; share it between them."""

    def __init__(self, workflow: Workflow, evaluator: Evaluator) -> None:
        self._program = Program(workflow, evaluator)
        self._workflow = workflow

    async def begin(self, value: Any, run: RunDescriptor, *, now: int | None = None) -> Step:
        """The first step of a run on the raw input `value`. `now` is Unix milliseconds, `run.started_at` if not given.

        Raises:
            ExpressionsUnavailable: nothing happened; begin again.
        """
        moment = run.started_at if now is None else now
        activation = Activation(self._program, Snapshot(run=run, input=value, context={}, now=moment), moment)
        activation.frames = [Frame(path="", reference="", started_at=moment)]
        activation.note("workflow.started", activation.top)
        return await self._guarded(activation, self._open(activation))

    async def resume(self, snapshot: Snapshot, answer: Done | Failed, *, now: int | None = None) -> Step:
        """The step that follows the answer to `snapshot.effect`.

        `now` must be repeated when the same answer is applied again: take it from the stored answer, not from a clock.

        Raises:
            ExpressionsUnavailable: nothing happened; resume again.
            ValueError: the snapshot waits for no effect, or is of another version.
        """
        if snapshot.effect is None or snapshot.version != Snapshot(run=snapshot.run).version:
            raise ValueError("this snapshot cannot be resumed")
        activation = Activation(self._program, snapshot, now)
        return await self._guarded(activation, self._answered(activation, answer))

    async def _guarded(self, activation: Activation, first: Awaitable[Effect | Ended | None]) -> Step:
        """Run until an effect or the end; a fault that nothing catches is an end."""
        try:
            outcome = await first
            while outcome is None:
                if activation.transitions % _BREATH == 0:
                    await _breathe()
                outcome = await self._move(activation)
        except Fault as fault:
            return self._faulted(activation, fault.error)
        if isinstance(outcome, Ended):
            return self._end(activation, outcome)
        activation.data = None
        return Step(snapshot=activation.snapshot(effect=outcome), entries=activation.entries, outcome=outcome)

    async def _open(self, activation: Activation) -> None:
        transform = self._workflow.input
        activation.validate(transform.schema, activation.input, "workflow input")
        activation.data = activation.input
        if transform.template is not None:
            activation.data = await activation.render(transform.template, activation.input)

    async def _answered(self, activation: Activation, answer: Done | Failed) -> Ended | None:
        if isinstance(answer, Failed):
            raise Fault(answer.error)
        try:
            values.check_bounds(answer.output)
        except values.ValueRefused as error:
            raise Fault(standard("runtime", "The answer cannot be used", f"the answer is {error}")) from error
        return await self._complete(activation, answer.output, None)

    async def _move(self, activation: Activation) -> Effect | Ended | None:
        """One transition: enter the next child of the innermost scope, or leave the scope."""
        frame = activation.top
        children = self._children(frame)
        if frame.index < len(children):
            return await self._enter(activation, children[frame.index])
        return await self._complete(activation, activation.data, None)

    async def _enter(self, activation: Activation, path: str) -> Effect | Ended | None:
        parent = activation.top
        activation.count(self._reference(parent, path))
        task = self._workflow.tasks[path]
        frame = self._frame(activation, parent, path)
        activation.frames.append(frame)
        body = _is_body(frame, parent)
        if task.condition is not None and not await activation.test(task.condition, frame.raw):
            activation.frames.pop()
            if not body:
                activation.note("task.skipped", frame)
            parent.index += 1
            return None
        if not body:
            activation.note("task.started", frame)
        activation.validate(task.input.schema, frame.raw, "task input")
        if task.input.template is not None:
            frame.input = await activation.render(task.input.template, frame.raw)
        outcome = await _KINDS[type(task)](task, activation)
        if isinstance(outcome, Output):
            return await self._complete(activation, outcome.value, outcome.then)
        if isinstance(outcome, Descend):
            activation.data = outcome.value
            return None
        return _effect(outcome, frame, task)

    def _frame(self, activation: Activation, parent: Frame, path: str) -> Frame:
        reference = self._reference(parent, path)
        if self._is_call(parent):
            iteration = parent.iteration
        else:
            iteration = activation.counters.get(reference, 0) + 1
            activation.counters[reference] = iteration
        return Frame(
            path=path, reference=reference, raw=activation.data, iteration=iteration, started_at=activation.now
        )

    def _reference(self, parent: Frame, path: str) -> str:
        if self._is_call(parent):  # the body of a local function runs as its caller
            return parent.reference
        return parent.reference + path[len(parent.path) :]

    async def _complete(self, activation: Activation, output: Any, then: str | None) -> Ended | None:
        """Leave the innermost scope with its raw output (DSL, Data Flow, 5 to 9)."""
        frame = activation.top
        if not frame.path:
            return await self._close(activation, output)
        task = activation.task_of(frame)
        scope = {"input": frame.value, "raw_output": output}
        if task.output.template is not None:
            output = await activation.render(task.output.template, output, **scope)
        activation.validate(task.output.schema, output, "task output")
        if task.export.template is not None:
            activation.context = await activation.render(task.export.template, output, output=output, **scope)
        activation.validate(task.export.schema, activation.context, "exported context")
        if not _is_body(frame, activation.frames[-2]):
            activation.note("task.completed", frame, output=output)
        activation.frames.pop()
        activation.data = output
        self._direct(activation, then or task.then)
        return None

    async def _close(self, activation: Activation, output: Any) -> Ended:
        transform = self._workflow.output
        if transform.template is not None:
            output = await activation.render(transform.template, output)
        activation.validate(transform.schema, output, "workflow output")
        activation.note("workflow.completed", activation.top, output=output)
        return Ended(state="completed", output=output)

    def _direct(self, activation: Activation, then: str) -> None:
        """Follow the flow directive of the task that has just left the innermost scope."""
        parent = activation.top
        if then == "continue":
            parent.index += 1
        elif then == "end":
            while len(activation.frames) > 1:
                frame = activation.frames.pop()
                if not _is_body(frame, activation.top):
                    activation.note("task.completed", frame)
            activation.top.index = len(self._workflow.do)
        elif then == "exit" or self._is_call(parent):
            parent.index = len(self._children(parent))
        else:
            names = [self._workflow.tasks[path].name for path in self._children(parent)]
            parent.index = names.index(then)

    def _children(self, frame: Frame) -> tuple[str, ...]:
        if not frame.path:
            return self._workflow.do
        task = self._workflow.tasks[frame.path]
        if isinstance(task, DoTask):
            return task.tasks
        return (task.body,) if isinstance(task, FunctionCallTask) and task.local else ()

    def _is_call(self, frame: Frame) -> bool:
        return bool(frame.path) and isinstance(self._workflow.tasks[frame.path], FunctionCallTask)

    def _faulted(self, activation: Activation, error: ErrorDetails) -> Step:
        instance = activation.top.reference or ("/input" if activation.transitions == 0 else "/output")
        error = msgspec.structs.replace(error, instance=error.instance or instance)
        described = msgspec.to_builtins(error)
        while len(activation.frames) > 1:
            frame = activation.frames.pop()
            if not _is_body(frame, activation.top):
                activation.note("task.faulted", frame, error=described)
        activation.note("workflow.faulted", activation.top, error=described)
        return self._end(activation, Ended(state="faulted", error=error))

    def _end(self, activation: Activation, ended: Ended) -> Step:
        activation.frames, activation.data = [], None
        return Step(snapshot=activation.snapshot(), entries=activation.entries, outcome=ended)


def _is_body(frame: Frame, parent: Frame) -> bool:
    """Whether the frame is a local function's body, which shows as its caller and not as a task of its own."""
    return frame.reference == parent.reference


def _effect(invoke: Invoke, frame: Frame, task: Task) -> Effect:
    return Effect(
        function=invoke.function,
        arguments=invoke.arguments,
        reference=frame.reference,
        iteration=frame.iteration,
        name=task.name,
    )


@types.coroutine
def _breathe() -> Generator[None, None, None]:
    """Let others run, as `asyncio.sleep(0)` does, whatever the loop."""
    yield
