"""Runs one workflow in this process and keeps nothing: for the command line, scenarios of templates, and tests."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from services.engine import decisions
from services.engine.expressions.protocol import Evaluator
from services.engine.faults import Fault, standard
from services.engine.flights import Flights
from services.engine.functions import Answer, Call, ErrorDetails, Failed, Functions, Later
from services.engine.interpreter import Interpreter
from services.engine.lifecycle import Line
from services.engine.state import Ended, Entry, RunDescriptor, Snapshot, Step
from services.engine.waits import Effect
from template_library.dsl.model import Workflow

TENANT: Final = UUID("00000000-0000-7000-8000-000000000001")
"""Tenant of every run in memory: of a private namespace, no row has it."""
PATIENCE_SECONDS: Final = 30.0


class TaskRecord(msgspec.Struct):
    """A task that ran; `status` is running, completed, faulted or cancelled."""

    name: str
    reference: str
    status: str


class Report(msgspec.Struct, kw_only=True):
    """How a run ended.

    Attributes:
        status: `waiting` where nothing but an event that never came could have moved it.
        tasks: in the order in which they began; a skipped task did not run and is not there.
        emitted: CloudEvents, in the order of their emission.
    """

    status: str
    output: Any = None
    error: ErrorDetails | None = None
    tasks: list[TaskRecord] = []
    entries: list[Entry] = []
    emitted: list[dict[str, Any]] = []


class Clock:
    """The time of a run, in Unix milliseconds."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1000)


class Skipping(Clock):
    """A clock that is moved to the end of each sleep, so that nobody waits. It stands still otherwise."""

    def __init__(self, start: int | None = None) -> None:
        self._now = super().now() if start is None else start

    def now(self) -> int:
        return self._now

    async def sleep(self, milliseconds: int) -> None:
        self._now += milliseconds


async def run_workflow(  # noqa: PLR0913 - each is a part that the caller composes
    workflow: Workflow,
    value: Any,
    *,
    functions: Functions,
    evaluator: Evaluator,
    run: UUID,
    environment: str = "dev",
    parameters: dict[str, Any] | None = None,
    patience: float = PATIENCE_SECONDS,
    events: Iterable[dict[str, Any]] = (),
    clock: Clock | None = None,
    nested: Mapping[str, Workflow] | None = None,
    schemas: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Any] | None = None,
    noted: Callable[[Line], None] = lambda _: None,
) -> Report:
    """Run to the end on the raw input `value`.

    A function that answers `Later` is called again for up to `patience` seconds, then its error is the task's. Each of
    `events`, CloudEvents in their JSON form, comes when nothing else can move the run. Each line of the journal is
    `noted` as soon as it is there.

    Raises:
        ExpressionsUnavailable: no evaluator could be started.
    """
    interpreter = Interpreter(workflow, evaluator, nested, schemas)
    running = _Running(interpreter, functions, run, patience, clock or Clock(), list(events), secrets or {}, noted)
    descriptor = RunDescriptor(
        id=str(run),
        tenant=str(TENANT),
        environment=environment,
        started_at=running.clock.now(),
        parameters=parameters or {},
    )
    step = await running.to_the_end(await interpreter.begin(value, descriptor))
    report = Report(status="waiting", tasks=_records(step.entries), entries=step.entries, emitted=step.emitted)
    if isinstance(step.outcome, Ended):
        report.status, report.output, report.error = step.outcome.state, step.outcome.output, step.outcome.error
    return report


class _Running:
    def __init__(  # noqa: PLR0913, PLR0917 - what one run needs
        self,
        interpreter: Interpreter,
        functions: Functions,
        run: UUID,
        patience: float,
        clock: Clock,
        events: list[dict[str, Any]],
        secrets: Mapping[str, Any],
        noted: Callable[[Line], None],
    ) -> None:
        self._interpreter = interpreter
        self._functions = functions
        self._run = run
        self._patience = patience
        self.clock = clock
        self._events = events
        self._secrets = secrets
        self._noted = noted
        self._seq = 0
        self._flights = Flights()

    async def to_the_end(self, step: Step) -> Step:
        """The whole as one step."""
        self._note(step)
        try:
            while not isinstance(step.outcome, Ended):
                following = await self._next(step.snapshot)
                if following is None:
                    break
                self._note(following)
                step = decisions.joined(step, following)
        finally:
            await self._flights.end()
        return step

    def _note(self, step: Step) -> None:
        at = dt.datetime.fromtimestamp(step.snapshot.now / 1000, dt.UTC)
        for one in step.entries:
            self._noted(Line(seq=self._seq, at=at, kind=one.kind, reference=one.reference, data=one.data))
            self._seq += 1

    async def _next(self, snapshot: Snapshot) -> Step | None:
        await self._flights.keep(snapshot)
        for strand, calling in snapshot.calls():
            if strand.id not in self._flights:
                self._flights.launch(strand.id, calling.effect, self._answer(snapshot, strand.id, calling.effect))
        due = snapshot.due()
        if self._flights:
            landed = await self._flights.landed(self._seconds_to(due))
            if landed:
                return await self._resumed(snapshot, landed)
        elif snapshot.listens() and self._events:
            return await self._interpreter.deliver(snapshot, self._events.pop(0), now=self.clock.now())
        if due is None:
            return None
        await self.clock.sleep(max(due - self.clock.now(), 0))
        return await self._interpreter.fire(snapshot, now=self.clock.now())

    def _seconds_to(self, due: int | None) -> float | None:
        # A call takes real time, whatever the clock of the run says.
        return None if due is None else max(due - self.clock.now(), 0) / 1000

    async def _resumed(self, snapshot: Snapshot, landed: list[tuple[int, Answer]]) -> Step:
        step = Step(snapshot=snapshot, entries=[], outcome=None)
        for strand, answer in landed:
            if not isinstance(step.outcome, Ended) and decisions.waits(step.snapshot, strand):
                settled = decisions.out_of_patience(answer) if isinstance(answer, Later) else answer
                now = self.clock.now()
                resumed = await self._interpreter.resume(step.snapshot, settled, strand=strand, now=now)
                step = decisions.joined(step, resumed)
        return step

    async def _answer(self, snapshot: Snapshot, strand: int, effect: Effect) -> Answer:
        call = decisions.call_of(effect, tenant=TENANT, run=self._run)
        if effect.sealed:
            try:
                whole = await self._interpreter.sealed(snapshot, strand, self._secrets)
            except Fault as fault:
                return Failed(error=fault.error, sent=False)
            call = msgspec.structs.replace(call, arguments=whole)
        return await self._called(call)

    async def _called(self, call: Call) -> Answer:
        function = self._functions.get(call.function)
        if function is None:
            return Failed(error=standard("configuration", "Unknown function", f"`{call.function}` is not known here"))
        deadline = time.monotonic() + self._patience
        while True:
            answer = await function(call)
            if not isinstance(answer, Later):
                return answer
            seconds = decisions.delay(answer, call.attempt, random.random())  # noqa: S311 - jitter, no secret
            if time.monotonic() + seconds > deadline:
                return answer
            await asyncio.sleep(seconds)
            call = msgspec.structs.replace(call, attempt=call.attempt + 1)


def _records(entries: list[Entry]) -> list[TaskRecord]:
    records: list[TaskRecord] = []
    latest: dict[tuple[str, int], TaskRecord] = {}
    for entry in entries:
        key = (entry.reference, entry.iteration)
        if entry.kind == "task.started":
            latest[key] = TaskRecord(entry.name, entry.reference, "running")
            records.append(latest[key])
        elif key in latest and entry.kind in _ENDS:
            latest[key].status = _ENDS[entry.kind]
    return records


_ENDS: Final = {"task.completed": "completed", "task.faulted": "faulted", "task.cancelled": "cancelled"}
