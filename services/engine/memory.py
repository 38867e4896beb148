"""Runs one workflow in this process and keeps nothing: for the command line, scenarios of templates, and tests."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Final
from uuid import UUID

import msgspec

from services.engine import decisions
from services.engine.expressions.protocol import Evaluator
from services.engine.faults import standard
from services.engine.functions import Call, Done, ErrorDetails, Failed, Functions, Later
from services.engine.interpreter import Interpreter
from services.engine.state import Ended, Entry, RunDescriptor
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
    """How a run ended. `tasks` in the order in which they began; a skipped task did not run and is not there."""

    status: str
    output: Any = None
    error: ErrorDetails | None = None
    tasks: list[TaskRecord] = []
    entries: list[Entry] = []


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
) -> Report:
    """Run to the end on the raw input `value`.

    A function that answers `Later` is called again for up to `patience` seconds, then its error is the task's.

    Raises:
        ExpressionsUnavailable: no evaluator could be started.
    """
    interpreter = Interpreter(workflow, evaluator)
    started = _now()
    descriptor = RunDescriptor(
        id=str(run), tenant=str(TENANT), environment=environment, started_at=started, parameters=parameters or {}
    )
    step = await interpreter.begin(value, descriptor)
    entries = list(step.entries)
    while not isinstance(step.outcome, Ended):
        call = decisions.call_of(step.outcome, tenant=TENANT, run=run)
        answer = await _answer(call, functions, patience)
        step = await interpreter.resume(step.snapshot, answer, now=_now())
        entries += step.entries
    ended = step.outcome
    return Report(status=ended.state, output=ended.output, error=ended.error, tasks=_records(entries), entries=entries)


async def _answer(call: Call, functions: Functions, patience: float) -> Done | Failed:
    function = functions.get(call.function)
    if function is None:
        return Failed(error=standard("configuration", "Unknown function", f"`{call.function}` is not known here"))
    deadline = time.monotonic() + patience
    while True:
        answer = await function(call)
        if not isinstance(answer, Later):
            return answer
        seconds = decisions.delay(answer, call.attempt, random.random())  # noqa: S311 - jitter, no secret
        if time.monotonic() + seconds > deadline:
            return decisions.out_of_patience(answer)
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
        elif key in latest:
            latest[key].status = entry.kind.removeprefix("task.")
    return records


def _now() -> int:
    return time.time_ns() // 1_000_000
