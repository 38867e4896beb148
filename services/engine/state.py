"""The state of a run between two activations, and what one activation gives back. Plain data; JSON on the run row."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from services.engine import values
from services.engine.functions import ErrorDetails
from template_library.dsl.scalars import number

VERSION: Final = 1

EntryKind = Literal[
    "workflow.started",
    "workflow.completed",
    "workflow.faulted",
    "workflow.cancelled",
    "task.started",
    "task.completed",
    "task.skipped",
    "task.faulted",
]


class RunDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    """Who runs; what `$workflow` and `$runtime` tell.

    Attributes:
        id: the run's public id, `$workflow.id`.
        tenant, environment: members of `$runtime.metadata`; `tenant` also shares the evaluators fairly.
        started_at: Unix milliseconds.
        parameters: the deployment's, `$runtime.metadata.parameters`.
    """

    id: str
    tenant: str
    environment: str = ""
    started_at: int = 0
    parameters: dict[str, Any] = {}


class Frame(msgspec.Struct, omit_defaults=True):
    """One open scope: the workflow, a `do`, the call of a local function, or the call that waits for its answer.

    Attributes:
        path: pointer of its definition, empty for the workflow; `reference` is where it runs, which differs inside a
            function of `use.functions`.
        index: the child that is open or comes next.
        raw: the task's raw input.
        input: its transformed input, absent when that is the raw one.
        iteration: how often the reference had been entered, from 1.
        started_at: Unix milliseconds.
    """

    path: str
    reference: str
    index: int = 0
    raw: Any = None
    input: Any = msgspec.UNSET
    iteration: int = 1
    started_at: int = 0

    @property
    def value(self) -> Any:
        return self.raw if self.input is msgspec.UNSET else self.input


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the engine makes before the run goes on. `name` is the task's."""

    function: str
    arguments: dict[str, Any]
    reference: str
    iteration: int
    name: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a run needs to go on, whatever its history.

    Attributes:
        input: the workflow's raw input.
        data: raw input of the next task; null while an effect is open.
        context: `$context`.
        frames: the open scopes, outermost first; empty when the run has ended.
        counters: times each reference was entered, for idempotency keys.
        transitions: tasks entered so far, of at most 20,000.
        history: bytes of journalled output so far, of at most 50 MiB.
        effect: what the run waits for.
        attempt: calls of the open effect, from 1; raised by each `Later`.
        sent: the open effect was about to be called and may not be called again.
        now: Unix milliseconds, the instant of the last activation.
    """

    run: RunDescriptor
    input: Any = None
    data: Any = None
    context: Any = None
    frames: list[Frame] = []
    counters: dict[str, int] = {}
    transitions: int = 0
    history: int = 0
    effect: Effect | None = None
    attempt: int = 1
    sent: bool = False
    now: int = 0
    version: int = VERSION


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal; the engine numbers it.

    Attributes:
        reference: pointer of the task; empty for the workflow.
        data: `{"output": …}` of what completed, `{"error": …}` of what faulted.
    """

    kind: EntryKind
    reference: str = ""
    name: str = ""
    iteration: int = 0
    data: dict[str, Any] = {}


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    state: Literal["completed", "faulted", "cancelled"]
    output: Any = None
    error: ErrorDetails | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one activation gives: commit snapshot and entries together, then act on the outcome."""

    snapshot: Snapshot
    entries: list[Entry]
    outcome: Effect | Ended


_DECODER: Final = msgspec.json.Decoder(Snapshot, float_hook=number)


def encode(snapshot: Snapshot) -> bytes:
    """JSON text."""
    return values.encode(snapshot)


def decode(text: bytes) -> Snapshot:
    """What `encode` gave. Raises msgspec.DecodeError."""
    return _DECODER.decode(text)
