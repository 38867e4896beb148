"""Runs one workflow in this process and keeps nothing: for the command line, scenarios of templates, and tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine.expressions.protocol import Evaluator
from services.engine.functions import ErrorDetails, Functions
from services.engine.interpreter import Interpreter
from services.engine.lifecycle import Line
from services.engine.memory_clock import Clock, Skipping
from services.engine.memory_run import TENANT, Letter, MemoryRun, Surroundings
from services.engine.state import Entry, RunDescriptor, Start
from template_library.dsl.model import Workflow

__all__ = ["PATIENCE_SECONDS", "TENANT", "Clock", "Played", "Report", "Skipping", "TaskRecord", "run_workflow"]

PATIENCE_SECONDS: Final = 30.0
_LONGEST_MS: Final = 4 * 366 * 86_400_000
"""Beyond it nobody looks: what would only then move has stopped."""


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
        started: the runs that it, or one of these, began without waiting for them; `workflow` is their name.
    """

    status: str
    output: Any = None
    error: ErrorDetails | None = None
    tasks: list[TaskRecord] = []
    entries: list[Entry] = []
    emitted: list[dict[str, Any]] = []
    workflow: str = ""
    started: list[Report] = []


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What comes to a run that is played by its clock.

    Attributes:
        timed: events with the Unix milliseconds at which they come, for whoever listens then.
        heard: events that came before the run began.
        left: is told the key of a call that the run went past while it was put off. None: nothing waits by the clock
            but what the document says.
    """

    timed: Sequence[tuple[int, dict[str, Any]]] = ()
    heard: Sequence[dict[str, Any]] = ()
    left: Callable[[str], None] | None = None


_LIVE: Final = Played()


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
    hide: Callable[[Any], Any] = lambda value: value,
    noted: Callable[[Line], None] = lambda _: None,
    played: Played = _LIVE,
) -> Report:
    """Run to the end on the raw input `value`.

    A function that answers `Later` is called again for up to `patience` seconds, then its error is the task's. Each of
    `events`, CloudEvents in their JSON form, comes when neither a call nor another event can move anything, before a
    clock does; one whose source and id came before does not come again. What a run emits, it and the runs that it
    started hear. What calls with `secrets` bring back goes through `hide`. Each line of the journal is `noted` as soon
    as it is there. What is `played` with `left` waits by `clock`, and
    `patience` is time of it.

    Raises:
        ExpressionsUnavailable: no evaluator could be started.
    """
    around = Surroundings(functions, clock or Clock(), patience, secrets or {}, hide, played.left)
    descriptor = _described(run, around.clock.now(), environment, parameters or {})
    together = _Together(around, evaluator, nested or {}, schemas or {}, list(events))
    together.expect(played)
    try:
        await together.begin("", workflow, value, descriptor, noted)
        return await together.to_the_end()
    finally:
        await together.end()


def _described(run: UUID, now: int, environment: str, parameters: dict[str, Any]) -> RunDescriptor:
    return RunDescriptor(
        id=str(run), tenant=str(TENANT), environment=environment, started_at=now, parameters=parameters
    )


class _Together:
    """The run and those that it starts: they share a clock and hear each other's events."""

    def __init__(
        self,
        around: Surroundings,
        evaluator: Evaluator,
        nested: Mapping[str, Workflow],
        schemas: Mapping[str, Any],
        events: list[dict[str, Any]],
    ) -> None:
        self._around = around
        self._evaluator = evaluator
        self._nested = nested
        self._schemas = schemas
        self._events = events
        self._timed: list[tuple[int, dict[str, Any]]] = []
        self._until = around.clock.now() + _LONGEST_MS
        self._known: set[tuple[Any, Any]] = set()
        self._runs: list[tuple[str, MemoryRun]] = []
        self._waiting: list[tuple[Start, int]] = []

    async def begin(
        self, name: str, workflow: Workflow, value: Any, descriptor: RunDescriptor, noted: Callable[[Line], None]
    ) -> None:
        """The next run; the first one has no `name`."""
        interpreter = Interpreter(workflow, self._evaluator, self._nested, self._schemas)
        one = MemoryRun(interpreter, UUID(descriptor.id), self._around, self, noted)
        first = await interpreter.begin(value, descriptor)
        self._runs.append((name, one))
        one.begin(first)

    def expect(self, played: Played) -> None:
        self._timed = sorted(played.timed, key=lambda one: one[0])
        self._known.update((one.get("source"), one.get("id")) for one in played.heard)

    async def end(self) -> None:
        for _, run in self._runs:
            await run.end()

    def emit(self, event: dict[str, Any], depth: int) -> None:
        self._post(event, depth)

    def start(self, one: Start, depth: int) -> None:
        self._waiting.append((one, depth))

    async def to_the_end(self) -> Report:
        """Move all of them as far as anything can."""
        while await self._settle() or self._hand_over() or await self._wait():
            for _, run in self._runs:
                run.wake()
        report, *started = [_report(name, run) for name, run in self._runs]
        report.started = started
        return report

    async def _settle(self) -> bool:
        has_moved = any([await run.settle() for _, run in self._runs])
        starts, self._waiting = self._waiting, []
        for one, depth in starts:
            now, same = self._around.clock.now(), self._runs[0][1].step.snapshot.run
            descriptor = msgspec.structs.replace(same, id=str(ids.new()), started_at=now, depth=depth)
            await self.begin(one.program, self._nested[one.program], one.input, descriptor, lambda _: None)
        return has_moved or bool(starts)

    def _hand_over(self) -> bool:
        """The next event from outside, when anybody listens."""
        if not self._events or not any(run.listens for _, run in self._runs):
            return False
        self._post(self._events.pop(0), 0, is_given=True)
        return True

    async def _wait(self) -> bool:
        clock = self._around.clock
        dues = [due for _, run in self._runs if (due := run.due) is not None]
        if self._timed and any(run.ended is None for _, run in self._runs):
            dues.append(self._timed[0][0])
        if not dues or min(dues) > self._until:
            return False
        await clock.sleep(max(min(dues) - clock.now(), 0))
        for _, run in self._runs:
            if run.due is not None and run.due <= clock.now():
                await run.fire()
        while self._timed and self._timed[0][0] <= clock.now():
            self._post(self._timed.pop(0)[1], 0)
        return True

    def _post(self, event: dict[str, Any], depth: int, *, is_given: bool = False) -> None:
        """Once for each source and id, as the product takes events in."""
        key = (event.get("source"), event.get("id"))
        if key not in self._known:
            self._known.add(key)
            for _, run in self._runs:
                run.post(Letter(event, depth, is_given))


def _report(name: str, run: MemoryRun) -> Report:
    step = run.step
    report = Report(
        status="waiting", tasks=_records(step.entries), entries=step.entries, emitted=step.emitted, workflow=name
    )
    if (ended := run.ended) is not None:
        report.status, report.output, report.error = ended.state, ended.output, ended.error
    return report


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
