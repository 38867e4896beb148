"""Moves a run forward as far as it can go without an effect. Pure: no clock, no database, no network, no chance.

The same snapshot and the same answer always give the same step. The stacks are explicit and lie in the snapshot, so
that a run can stop between any two tasks, for a year or on another machine.
"""

from __future__ import annotations

import types
from collections.abc import Generator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from services.engine import sealing, values
from services.engine.activation import Activation
from services.engine.expressions.protocol import Evaluator
from services.engine.faulting import fault, time_out
from services.engine.faults import Fault, standard
from services.engine.frames import Frame
from services.engine.functions import Done, Failed
from services.engine.program import Program
from services.engine.scopes import interrupt
from services.engine.state import VERSION, RunDescriptor, Scope, Snapshot, Step, Strand
from services.engine.tasks import listen_task, protocol_task, run_task, try_task
from services.engine.waits import Listening, Sleeping
from services.engine.walking import complete, move, open_scope, settle
from template_library.dsl.model import ListenTask, ProtocolCallTask, RunTask, TryTask, Workflow

# The loop of the process gets a turn this often in a long row of pure tasks.
_BREATH: Final = 50


class Interpreter:
    """Runs of one workflow version. Holds no state of any run; share it between them."""

    def __init__(
        self,
        workflow: Workflow,
        evaluator: Evaluator,
        nested: Mapping[str, Workflow] | None = None,
        schemas: Mapping[str, Any] | None = None,
    ) -> None:
        """What the workflow and those inside it need of others is given whole.

        `nested` are workflows as `namespace/name:version` and functions of catalogues as calls name them; `schemas`
        those that are elsewhere, by address.
        """
        self._programs = {"": Program(workflow, evaluator, schemas)}
        self._programs |= {name: Program(one, evaluator, schemas) for name, one in (nested or {}).items()}

    async def begin(self, value: Any, run: RunDescriptor, *, now: int | None = None) -> Step:
        """The first step of a run on the raw input `value`. `now` is Unix milliseconds, `run.started_at` if not given.

        Raises:
            ExpressionsUnavailable: nothing happened; begin again.
        """
        moment = run.started_at if now is None else now
        snapshot = Snapshot(
            run=run,
            scopes={0: Scope(input=value, context={}, started_at=run.started_at)},
            strands=[Strand(0, [Frame("", "", started_at=moment)])],
            now=moment,
        )
        activation = Activation(self._programs, snapshot, moment)
        activation.note("workflow.started", activation.top)
        try:
            await open_scope(activation)
            _tell_input(activation)
        except Fault as error:
            await fault(activation, error)
        return await _run(activation)

    async def resume(
        self, snapshot: Snapshot, answer: Done | Failed, *, strand: int | None = None, now: int | None = None
    ) -> Step:
        """The step that follows the answer to the effect of `strand`, the first one that has any if not given.

        `now` must be repeated when the same answer is applied again: take it from the stored answer, not from a clock.

        Raises:
            ExpressionsUnavailable: nothing happened; resume again.
            ValueError: the strand waits for no effect, or the snapshot is of another version.
        """
        activation = self._activation(snapshot, now)
        calling = [one for one, _ in snapshot.calls() if strand is None or one.id == strand]
        if not calling:
            raise ValueError("this snapshot cannot be resumed: it waits for no such answer")
        activation.strand = activation.strands[calling[0].id]
        activation.strand.wait = None
        try:
            await _answered(activation, answer)
        except Fault as error:
            await fault(activation, error)
        return await _run(activation)

    async def fire(self, snapshot: Snapshot, *, now: int) -> Step:
        """The step that follows when it is `now`: sleeps that are over end, and what took too long is interrupted.

        Raises:
            ExpressionsUnavailable: nothing happened; fire again.
        """
        activation = self._activation(snapshot, now)
        while activation.ended is None and (due := _due(activation)) is not None:
            await _fire(activation, *due)
            await _run_on(activation)
        return await _run(activation)

    async def deliver(self, snapshot: Snapshot, event: dict[str, Any], *, now: int | None = None) -> Step:
        """The step that follows an event of the run's inbox, a CloudEvent in its JSON form.

        Raises:
            ExpressionsUnavailable: nothing happened; deliver again.
        """
        activation = self._activation(snapshot, now)
        activation.received += 1
        for identity in list(activation.strands):
            if identity in activation.strands and activation.ended is None:
                await _hear(activation, activation.strands[identity], event)
        return await _run(activation)

    async def sealed(
        self, snapshot: Snapshot, strand: int, secrets: Mapping[str, Any], origins: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The whole arguments of the open call of `strand`, with those that are stored nowhere.

        `origins` are the places that secrets may go to, by name; see `Opened`.

        Raises:
            ExpressionsUnavailable: evaluate again.
            Fault: `expression`; it says nothing of the values, which may be secret (S-36).
        """
        activation = self._activation(snapshot, None)
        activation.strand = activation.strands[strand]
        return await sealing.arguments(activation, secrets, origins or {})

    def secrets(self, snapshot: Snapshot, strand: int) -> tuple[str, ...]:
        """Names of the secrets that the open call of `strand` may use."""
        activation = self._activation(snapshot, None)
        activation.strand = activation.strands[strand]
        return sealing.names(activation)

    def _activation(self, snapshot: Snapshot, now: int | None) -> Activation:
        if snapshot.version != VERSION:
            raise ValueError("this snapshot is of another version")
        return Activation(self._programs, snapshot, now)


async def _run(activation: Activation) -> Step:
    await _run_on(activation)
    return activation.step()


async def _run_on(activation: Activation) -> None:
    """Move every strand until each one waits, or the run has ended."""
    while activation.ended is None and activation.choose():
        if activation.transitions % _BREATH == 0:
            await _breathe()
        try:
            await move(activation)
        except Fault as error:
            await fault(activation, error)


async def _answered(activation: Activation, answer: Done | Failed) -> None:
    if isinstance(answer, Failed):
        raise Fault(answer.error)
    try:
        values.check_bounds(answer.output)
    except values.ValueRefused as error:
        raise Fault(standard("runtime", "The answer cannot be used", f"the answer is {error}")) from error
    task = activation.task_of(activation.top)
    if isinstance(task, ProtocolCallTask):
        await settle(activation, await protocol_task.answered(task, activation, answer.output))
    elif isinstance(task, RunTask):
        await settle(activation, run_task.answered(task, activation, answer.output))
    else:
        await complete(activation, answer.output, None)


def _due(activation: Activation) -> tuple[Strand, Frame | None] | None:
    """What the clock moves first: a scope whose time is over, or a strand whose sleep is."""
    found: list[tuple[int, int, int, Strand, Frame | None]] = []
    for strand in activation.strands.values():
        if isinstance(strand.wait, Sleeping):
            found.append((strand.wait.until, 1, strand.id, strand, None))
        for place, frame in enumerate(strand.frames):
            if (expires := frame.expires) is not None:
                found.append((expires, 0, strand.id * 1000 + place, strand, frame))
    first = min(found, key=lambda one: one[:3], default=None)
    return None if first is None or first[0] > activation.now else first[3:]


async def _fire(activation: Activation, strand: Strand, frame: Frame | None) -> None:
    if frame is not None:
        await time_out(activation, strand, frame)
        return
    activation.strand, strand.wait = strand, None
    try:
        task = activation.task_of(activation.top)
        if isinstance(task, TryTask):
            await settle(activation, try_task.attempt(activation))
        else:
            await complete(activation, activation.top.value, None)
    except Fault as error:
        await fault(activation, error)


async def _hear(activation: Activation, strand: Strand, event: dict[str, Any]) -> None:
    """Let every listener of the strand hear `event`, and an idle one go on."""
    for depth, frame in enumerate(strand.frames, 1):
        if frame.hears and activation.ended is None:
            # A listener sees what stood around it when it began, whatever `foreach` is busy with.
            activation.strand = Strand(strand.id, strand.frames[:depth], parent=strand.parent, scope=strand.scope)
            try:
                await listen_task.hear(_listener(activation), activation, event)
            except Fault as error:
                activation.strand = strand
                interrupt(activation, frame)
                await fault(activation, error)
                return
    activation.strand = strand
    if isinstance(strand.wait, Listening):
        strand.wait = None
        try:
            await settle(activation, await listen_task.next_of(_listener(activation), activation))
        except Fault as error:
            await fault(activation, error)


def _tell_input(activation: Activation) -> None:
    """The run has its raw input; what the first task begins with is told where it is another."""
    if activation.workflow.input.template is not None:
        activation.entries[0] = replace(activation.entries[0], data={"input": activation.strand.data})


def _listener(activation: Activation) -> ListenTask:
    task = activation.task_of(activation.top)
    if not isinstance(task, ListenTask):
        raise TypeError("no listener")
    return task


@types.coroutine
def _breathe() -> Generator[None, None, None]:
    """Let others run, as `asyncio.sleep(0)` does, whatever the loop."""
    yield
