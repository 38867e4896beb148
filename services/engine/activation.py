"""One run while it moves: its strands, and what its tasks may ask for. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.engine import values
from services.engine.arguments import Place
from services.engine.faults import Fault, limit_exceeded, standard
from services.engine.frames import Extending, Frame
from services.engine.program import Program
from services.engine.rendering import render
from services.engine.state import Ended, Entry, EntryKind, Scope, Snapshot, Start, Step, Strand
from template_library.dsl.model import Expression, Schema, Task, Template, Workflow
from template_library.dsl.schemas import first_error

TRANSITIONS: Final = 20_000
HISTORY_BYTES: Final = 50 * 1024 * 1024


class Reached(Exception):
    """A replay has come to the turn before which it was to stop."""


class Activation:
    """Made from a snapshot, which it leaves as it was; gives the next one. One strand at a time is the current one."""

    def __init__(self, programs: dict[str, Program], snapshot: Snapshot, now: int | None) -> None:
        self.programs = programs
        self.run = snapshot.run
        self.scopes = {key: msgspec.structs.replace(scope) for key, scope in snapshot.scopes.items()}
        self.strands = {strand.id: _copy(strand) for strand in snapshot.strands}
        self.counters = dict(snapshot.counters)
        self.transitions = snapshot.transitions
        self.history = snapshot.history
        self.born = snapshot.born
        self.received = snapshot.received
        self.now = snapshot.now if now is None else max(now, snapshot.now)
        self.entries: list[Entry] = []
        self.emitted: list[dict[str, Any]] = []
        self.starts: list[Start] = []
        self.ended: Ended | None = None
        self.turns = 0
        self.stop_at: int | None = None
        self.asks_extensions = False
        self.strand: Strand = next(iter(self.strands.values()), Strand(0, []))

    @property
    def frames(self) -> list[Frame]:
        return self.strand.frames

    @property
    def top(self) -> Frame:
        return self.strand.frames[-1]

    @property
    def value(self) -> Any:
        """The innermost task's input."""
        return self.top.value

    @property
    def scope(self) -> Scope:
        return self.scopes[self.strand.scope]

    @property
    def program(self) -> Program:
        return self.programs[self.scopes[self.strand.scope].program]

    @property
    def workflow(self) -> Workflow:
        return self.programs[self.scopes[self.strand.scope].program].workflow

    def task_of(self, frame: Frame) -> Task:
        return self.programs[self.scopes[self.strand.scope].program].workflow.tasks[frame.path]

    def spawn(self, frame: Frame, data: Any, *, branch: int | None = None, scope: Scope | None = None) -> Strand:
        """A strand that the current one waits for; with `scope` it is a nested workflow."""
        key = self.strand.scope
        identity, self.born = self.born, self.born + 1
        if scope is not None:
            key = identity
            self.scopes[key] = scope
        strand = Strand(identity, [frame], data, parent=self.strand.id, branch=branch, scope=key)
        self.strands[identity] = strand
        return strand

    def drop(self, strand: Strand) -> None:
        """Forget a strand that has ended, with the scope that was its own."""
        del self.strands[strand.id]
        if strand.branch is None and strand.id in self.scopes:
            del self.scopes[strand.id]

    def turn(self) -> None:
        """Count what the current strand is about to do. Raises Reached where a replay is to stop."""
        if self.turns == self.stop_at:
            raise Reached
        self.turns += 1

    def choose(self) -> bool:
        """Make a strand that can move the current one, which stays it as long as it can; whether there is any."""
        if self.strand.wait is None and self.strand.id in self.strands:
            self.strand = self.strands[self.strand.id]
            return True
        found = next((one for one in self.strands.values() if one.wait is None), None)
        if found is not None:
            self.strand = found
        return found is not None

    def end(self, ended: Ended) -> None:
        """The run is over."""
        if ended.error is None:
            self.note("workflow.completed", self.top, output=ended.output)
        else:
            self.note("workflow.faulted", self.top, error=msgspec.to_builtins(ended.error))
        self.strands, self.scopes = {}, {}
        self.ended = ended

    def step(self) -> Step:
        snapshot = self.snapshot()
        return Step(
            snapshot=snapshot,
            entries=self.entries,
            outcome=self.ended or snapshot.effect,
            emitted=self.emitted,
            starts=self.starts,
        )

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
        iteration = frame.iteration if frame.path else 0
        self.entries.append(Entry(kind=kind, reference=frame.reference, name=name, iteration=iteration, data=data))

    async def render(self, template: Template, value: Any, **scope: Any) -> Any:
        """`template` on `value`; `scope` may give `input`, `output` and `raw_output`, and variables by name."""
        used: set[str] = set()
        whole = False
        for expression in template.expressions:
            used.update(expression.variables)
            whole = whole or expression.workflow_whole
        place = self._place() if used else None
        variables = {} if place is None else {name: place.argument(name, scope, whole=whole) for name in used}
        return await render(template, value, variables, self.program.evaluator, self.run.tenant)

    async def test(self, condition: Expression, value: Any, **scope: Any) -> bool:
        """Truth as jq sees it: everything but false and null."""
        result = await self.render(condition, value, **scope)
        return result is not None and result is not False

    def variable(self, name: str) -> Any:
        """A loop's or a catch's variable: the innermost of this name, null where there is none."""
        strand: Strand | None = self.strand
        while strand is not None:
            for frame in reversed(strand.frames):
                if name in frame.variables:
                    return frame.variables[name]
            strand = self.strands[strand.parent] if strand.parent is not None else None
        return None

    def validate(self, schema: Schema | None, value: Any, words: str) -> None:
        """Raises Fault `validation`, status 400, when `value` breaks `schema`."""
        if schema is None:
            return
        problem = first_error(self.program.validator(schema), value)
        if problem is not None:
            raise Fault(standard("validation", f"The {words} breaks its schema", problem))

    def _place(self) -> Place:
        extended = self._extended()
        return Place(
            run=self.run,
            scope=self.scope,
            workflow=self.workflow,
            frame=extended or self.top,
            now=self.now,
            task=self.task_of,
            variable=self.variable,
            extends=extended is not None or self.asks_extensions,
        )

    def _extended(self) -> Frame | None:
        """The task that is extended, where the innermost one is an extension's; it is `$task` there."""
        for inner, outer in zip(self.frames[1:], self.frames, strict=False):
            if isinstance(inner.memory, Extending):
                return outer
        return None

    def snapshot(self) -> Snapshot:
        return Snapshot(
            run=self.run,
            scopes=self.scopes,
            strands=list(self.strands.values()),
            counters=self.counters,
            transitions=self.transitions,
            history=self.history,
            born=self.born,
            received=self.received,
            now=self.now,
        )


def _copy(strand: Strand) -> Strand:
    """Frames are changed in place, so they are copied; what they hold is replaced and never changed."""
    return msgspec.structs.replace(strand, frames=[msgspec.structs.replace(frame) for frame in strand.frames])
