from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from services.engine import values
from services.engine.expressions.protocol import Evaluator
from services.engine.faults import Fault, limit_exceeded, standard
from services.engine.rendering import expressions, render
from services.engine.state import Entry, EntryKind, Frame, Snapshot
from template_library.dsl.model import Expression, Schema, Task, Template, Workflow
from template_library.dsl.schemas import Validator, compile_schema, first_error

TRANSITIONS: Final = 20_000
HISTORY_BYTES: Final = 50 * 1024 * 1024
RUNTIME_NAME: Final = "workflow-runtime"
RUNTIME_VERSION: Final = "1"


class Program:
    """A workflow with what is compiled once for all its runs."""

    def __init__(self, workflow: Workflow, evaluator: Evaluator) -> None:
        self.workflow = workflow
        self.evaluator = evaluator
        self._validators: dict[str, Validator] = {}

    def validator(self, schema: Schema) -> Validator:
        found = self._validators.get(schema.pointer)
        if found is None:
            found = self._validators[schema.pointer] = compile_schema(schema.document)
        return found


class Activation:
    """One run while it moves. Made from a snapshot, which it leaves as it was; gives the next one."""

    def __init__(self, program: Program, snapshot: Snapshot, now: int | None) -> None:
        self.program = program
        self.run = snapshot.run
        self.input = snapshot.input
        self.data = snapshot.data
        self.context = snapshot.context
        self.frames = [msgspec.structs.replace(frame) for frame in snapshot.frames]
        self.counters = dict(snapshot.counters)
        self.transitions = snapshot.transitions
        self.history = snapshot.history
        self.now = snapshot.now if now is None else now
        self.entries: list[Entry] = []

    @property
    def top(self) -> Frame:
        return self.frames[-1]

    def task_of(self, frame: Frame) -> Task:
        return self.program.workflow.tasks[frame.path]

    def count(self, reference: str) -> None:
        """Count one transition, into `reference`. Raises Fault at the limit (S-34)."""
        if self.transitions >= TRANSITIONS:
            raise limit_exceeded(f"{TRANSITIONS:,} transitions", instance=reference)
        self.transitions += 1

    def note(self, kind: EntryKind, frame: Frame, **data: Any) -> None:
        """Add a line to the journal; only completions count towards the limit of its size."""
        if kind == "task.completed" and data:
            self.history += len(values.encode(data["output"]))
            if self.history > HISTORY_BYTES:
                raise limit_exceeded(f"{HISTORY_BYTES // 1024**2} MiB of history")
        name = self.task_of(frame).name if frame.path else ""
        reference, iteration = (frame.reference, frame.iteration) if frame.path else ("", 0)
        self.entries.append(Entry(kind=kind, reference=reference, name=name, iteration=iteration, data=data))

    async def render(self, template: Template, value: Any, **scope: Any) -> Any:
        """`template` on `value`; `scope` may give `input`, `output` and `raw_output` for the variables."""
        used: set[str] = set()
        whole = False
        for expression in expressions(template):
            used.update(expression.variables)
            whole = whole or expression.workflow_whole
        variables = self._variables(used, scope, whole=whole) if used else {}
        return await render(template, value, variables, self.program.evaluator, self.run.tenant)

    async def test(self, condition: Expression, value: Any, **scope: Any) -> bool:
        """Truth as jq sees it: everything but false and null."""
        result = await self.render(condition, value, **scope)
        return result is not None and result is not False

    def validate(self, schema: Schema | None, value: Any, words: str) -> None:
        """Raises Fault `validation`, status 400, when `value` breaks `schema`."""
        if schema is None:
            return
        problem = first_error(self.program.validator(schema), value)
        if problem is not None:
            raise Fault(standard("validation", f"The {words} breaks its schema", problem))

    def snapshot(self, **changes: Any) -> Snapshot:
        return Snapshot(
            run=self.run,
            input=self.input,
            data=self.data,
            context=self.context,
            frames=self.frames,
            counters=self.counters,
            transitions=self.transitions,
            history=self.history,
            now=self.now,
            **changes,
        )

    def _variables(self, used: Iterable[str], scope: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        for name in used:
            if name == "context":
                variables[name] = self.context
            elif name == "task":
                variables[name] = self._task(scope)
            elif name == "workflow":
                variables[name] = self._workflow(whole=whole)
            elif name == "runtime":
                variables[name] = self._runtime()
            else:
                variables[name] = scope.get(name)
        return variables

    def _task(self, scope: dict[str, Any]) -> dict[str, Any]:
        frame = self.top
        task = self.task_of(frame)
        described = {
            "name": task.name,
            "reference": frame.reference,
            "definition": task.definition,
            "input": frame.raw,
            "startedAt": _moment(frame.started_at),
        }
        if "raw_output" in scope:
            described["output"] = scope["raw_output"]
        return described

    def _workflow(self, *, whole: bool) -> dict[str, Any]:
        described = {"id": self.run.id, "input": self.input, "startedAt": _moment(self.run.started_at)}
        if whole:
            described["definition"] = self.program.workflow.definition
        return described

    def _runtime(self) -> dict[str, Any]:
        return {
            "name": RUNTIME_NAME,
            "version": RUNTIME_VERSION,
            "metadata": {
                "tenant": self.run.tenant,
                "environment": self.run.environment,
                "parameters": self.run.parameters,
            },
            # Ours: the clock of the activation, so that a replay sees the same time (S-22).
            "now": _moment(self.now),
        }


def _moment(milliseconds: int) -> dict[str, Any]:
    """The language's date-time descriptor."""
    seconds, rest = divmod(milliseconds, 1000)
    text = dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {"iso8601": f"{text}.{rest:03}Z", "epoch": {"seconds": seconds, "milliseconds": milliseconds}}
