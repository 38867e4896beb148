"""The state of a run between two activations, and what one activation gives back. Plain data; JSON on the run row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from services.engine import payloads, values
from services.engine.frames import Frame
from services.engine.functions import ErrorDetails
from services.engine.waits import Calling, Effect, Sleeping, Wait
from template_library.dsl.scalars import number

VERSION: Final = 2

EntryKind = Literal[
    "workflow.started",
    "workflow.completed",
    "workflow.faulted",
    "workflow.cancelled",
    "task.started",
    "task.completed",
    "task.skipped",
    "task.faulted",
    "task.cancelled",
    "task.retried",
    "task.caught",
    "event.consumed",
    "correlation.started",
    "correlation.completed",
]


class RunDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    """Who runs; what `$workflow` and `$runtime` tell.

    Attributes:
        id: the run's public id, `$workflow.id`.
        tenant, environment: members of `$runtime.metadata`; `tenant` also shares the evaluators fairly.
        started_at: Unix milliseconds.
        parameters: the deployment's, `$runtime.metadata.parameters`.
        depth: runs and events between what moved it last and an event from outside.
    """

    id: str
    tenant: str
    environment: str = ""
    started_at: int = 0
    parameters: dict[str, Any] = {}
    depth: int = 0


class Scope(msgspec.Struct, omit_defaults=True):
    """A workflow that runs: the run's own, and each nested one that it waits for.

    Attributes:
        program: which nested workflow, as `namespace/name:version`; empty for the run's own.
        input: its raw input, `$workflow.input`.
        context: `$context`.
        started_at: Unix milliseconds.
    """

    program: str = ""
    input: Any = None
    context: Any = None
    started_at: int = 0


class Strand(msgspec.Struct, omit_defaults=True):
    """One line of execution: the workflow's, a branch of a fork, or a nested workflow.

    Attributes:
        frames: its open scopes, outermost first. The first one stands for the strand itself.
        data: raw input of its next task; null while it waits.
        wait: what it waits for; null while it can move.
        parent: id of the strand that waits for this one.
        branch: which branch of its fork, from 0; null for a workflow.
        scope: id of the workflow that it belongs to.
    """

    id: int
    frames: list[Frame]
    data: Any = None
    wait: Wait | None = None
    parent: int | None = None
    branch: int | None = None
    scope: int = 0


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ended a run in a fault, kept with where the run stood before it, for whoever has it tried again.

    Attributes:
        strand: the one that failed; null where nothing of the run did, but its document could not be had.
        takes_input: whether it failed in a task that can be given another input.
        takes_skip: whether it failed in a task that a person may skip.
        is_retried: somebody has it tried again, with `input` for the task when that is given.
        is_skipped: that task is not run again; its document says with which output the run goes on.
    """

    strand: int | None = None
    takes_input: bool = False
    takes_skip: bool = False
    is_retried: bool = False
    is_skipped: bool = False
    input: Any = msgspec.UNSET


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a run needs to go on, whatever its history.

    Attributes:
        scopes: the workflows that run, by id; 0 is the run's own.
        strands: what is under way, in the order of beginning; empty when the run has ended.
        counters: times each reference was entered, for idempotency keys.
        transitions: tasks entered so far, of at most 20,000.
        history: bytes of journalled output so far, of at most 50 MiB.
        born: strands and scopes made so far; the next one's id.
        received: events of the run's inbox taken so far.
        now: Unix milliseconds, the instant of the last activation.
        failed: what the run ended of; null while it runs.
    """

    run: RunDescriptor
    scopes: dict[int, Scope] = {}
    strands: list[Strand] = []
    counters: dict[str, int] = {}
    transitions: int = 0
    history: int = 0
    born: int = 1
    received: int = 0
    now: int = 0
    failed: Failure | None = None
    version: int = VERSION

    def calls(self) -> Iterator[tuple[Strand, Calling]]:
        """The open effects with their strands, in the order of the strands."""
        for strand in self.strands:
            if isinstance(strand.wait, Calling):
                yield strand, strand.wait

    def due(self) -> int | None:
        """Unix milliseconds at which the clock alone moves the run: a sleep's end, a repetition's, a timeout."""
        expiries = [frame.expires for strand in self.strands for frame in strand.frames]
        moments = [one for one in expiries if one is not None]
        for strand in self.strands:
            if isinstance(strand.wait, Sleeping):
                moments.append(strand.wait.until)
            elif isinstance(strand.wait, Calling) and strand.wait.due is not None:
                moments.append(strand.wait.due)
        return min(moments, default=None)

    def listens(self) -> bool:
        """Whether an event may move the run."""
        return any(frame.hears for strand in self.strands for frame in strand.frames)

    @property
    def effect(self) -> Effect | None:
        """The first open effect."""
        return next((calling.effect for _, calling in self.calls()), None)


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal; the engine numbers it.

    Attributes:
        reference: pointer of the task; empty for the workflow.
        data: `{"output": …}` of what completed, `{"error": …}` of what faulted, `{"keys": …}` of events that correlate,
            `{"input": …}` of a workflow that makes something else of its input.
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


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A nested workflow that nobody waits for: a run of its own. `key` is the same in every repetition."""

    program: str
    input: Any
    key: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one activation gives: commit all of it together, then act on the outcome.

    Attributes:
        outcome: the end; else the first open effect; None when the run waits for a clock or an event alone.
        emitted: CloudEvents to publish.
        starts: runs to begin.
        stood: of a run that faults, where it stood before what failed; None where nothing of it had been done.
    """

    snapshot: Snapshot
    entries: list[Entry]
    outcome: Effect | Ended | None
    emitted: list[dict[str, Any]] = []
    starts: list[Start] = []
    stood: Snapshot | None = None


_DECODER: Final = msgspec.json.Decoder(Snapshot, float_hook=number)


def encode(snapshot: Snapshot) -> bytes:
    """JSON text."""
    return values.encode(snapshot)


def decode(text: bytes) -> Snapshot:
    """What `encode` gave. Raises msgspec.DecodeError, also where large values are not put back into the text yet."""
    if payloads.has_holes(text):
        raise msgspec.DecodeError("its large values are missing")
    return _DECODER.decode(text)
