"""Moves a run forward as far as it can go without an effect. Pure: no clock, no database, no network, no chance.

The same snapshot and the same answer always give the same step. The stacks are explicit and lie in the snapshot, so
that a run can stop between any two tasks, for a year or on another machine.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from services.engine import arrivals, retrying, sealing, skipping
from services.engine.activation import Activation, Reached
from services.engine.expressions.protocol import Evaluator
from services.engine.faulting import fault
from services.engine.faults import Fault
from services.engine.frames import Frame
from services.engine.functions import Done, Failed
from services.engine.program import Program
from services.engine.state import VERSION, Failure, RunDescriptor, Scope, Snapshot, Step, Strand
from services.engine.walking import move, open_scope
from template_library.dsl.model import Workflow

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

    @property
    def program(self) -> Program:
        """The workflow itself."""
        return self._programs[""]

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

        async def moves(activation: Activation) -> None:
            activation.turn()
            activation.note("workflow.started", activation.top)
            try:
                await open_scope(activation)
                _tell_input(activation)
            except Fault as error:
                await fault(activation, error)
            await _run_on(activation)

        return await self._step(snapshot, moment, moves, is_first=True)

    async def resume(
        self, snapshot: Snapshot, answer: Done | Failed, *, strand: int | None = None, now: int | None = None
    ) -> Step:
        """The step that follows the answer to the effect of `strand`, the first one that has any if not given.

        `now` must be repeated when the same answer is applied again: take it from the stored answer, not from a clock.

        Raises:
            ExpressionsUnavailable: nothing happened; resume again.
            ValueError: the strand waits for no effect, or the snapshot is of another version.
        """
        calling = [one for one, _ in snapshot.calls() if strand is None or one.id == strand]
        if not calling:
            raise ValueError("this snapshot cannot be resumed: it waits for no such answer")

        async def moves(activation: Activation) -> None:
            activation.strand = activation.strands[calling[0].id]
            activation.turn()
            activation.strand.wait = None
            try:
                await arrivals.answered(activation, answer)
            except Fault as error:
                await fault(activation, error)
            await _run_on(activation)

        return await self._step(snapshot, now, moves)

    async def fire(self, snapshot: Snapshot, *, now: int) -> Step:
        """The step that follows when it is `now`: sleeps that are over end, and what took too long is interrupted.

        Raises:
            ExpressionsUnavailable: nothing happened; fire again.
        """

        async def moves(activation: Activation) -> None:
            while activation.ended is None and (due := arrivals.due(activation)) is not None:
                await arrivals.fire(activation, *due)
                await _run_on(activation)
            await _run_on(activation)

        return await self._step(snapshot, now, moves)

    async def deliver(self, snapshot: Snapshot, event: dict[str, Any], *, now: int | None = None) -> Step:
        """The step that follows an event of the run's inbox, a CloudEvent in its JSON form.

        Raises:
            ExpressionsUnavailable: nothing happened; deliver again.
        """

        async def moves(activation: Activation) -> None:
            activation.received += 1
            for identity in list(activation.strands):
                if identity in activation.strands and activation.ended is None:
                    await arrivals.hear(activation, activation.strands[identity], event)
            await _run_on(activation)

        return await self._step(snapshot, now, moves)

    async def retry(self, snapshot: Snapshot, *, now: int) -> Step:
        """The step in which a faulted run is tried again; `snapshot` is where it stood, with `failed`.

        Raises:
            ExpressionsUnavailable: nothing happened; retry again.
        """
        failed = snapshot.failed or Failure()

        async def moves(activation: Activation) -> None:
            activation.strand = activation.strands.get(failed.strand or 0, activation.strand)
            activation.turn()
            retrying.restart(activation, failed)
            activation.strand = activation.strands.get(failed.strand or 0, activation.strand)
            if failed.is_skipped:
                await skipping.skip(activation)
            elif failed.input is not msgspec.UNSET:
                await retrying.give(activation, failed.input)
            await _run_on(activation)

        return await self._step(snapshot, now, moves)

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

    async def _step(
        self,
        snapshot: Snapshot,
        now: int | None,
        moves: Callable[[Activation], Awaitable[None]],
        *,
        is_first: bool = False,
    ) -> Step:
        activation = self._activation(snapshot, now)
        await moves(activation)
        step, ended = activation.step(), activation.ended
        if ended is None or ended.error is None or (is_first and activation.turns == 1):
            return step
        # Where it stood before its last turn: found by doing all before that once more, which gives the same.
        again = self._activation(snapshot, now)
        again.stop_at = activation.turns - 1
        with contextlib.suppress(Reached):
            await moves(again)
        return replace(step, stood=retrying.stood(again, ended.error))

    def _activation(self, snapshot: Snapshot, now: int | None) -> Activation:
        if snapshot.version != VERSION:
            raise ValueError("this snapshot is of another version")
        return Activation(self._programs, snapshot, now)


async def _run_on(activation: Activation) -> None:
    """Move every strand until each one waits, or the run has ended."""
    while activation.ended is None and activation.choose():
        if activation.transitions % _BREATH == 0:
            await _breathe()
        activation.turn()
        try:
            await move(activation)
        except Fault as error:
            await fault(activation, error)


def _tell_input(activation: Activation) -> None:
    """The run has its raw input; what the first task begins with is told where it is another."""
    if activation.workflow.input.template is not None:
        activation.entries[0] = replace(activation.entries[0], data={"input": activation.strand.data})


@types.coroutine
def _breathe() -> Generator[None, None, None]:
    """Let others run, as `asyncio.sleep(0)` does, whatever the loop."""
    yield
