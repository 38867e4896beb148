"""The protocol that everything with an effect fills: HTTP calls, connectors, later human tasks.

The engine knows no connector. `services.worker` composes a `Functions` table at start; the command line composes a
smaller one. A function is called outside any transaction and may be called again with the same `key` after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec

STANDARD_ERRORS: Final = "https://serverlessworkflow.io/spec/1.0.0/errors/"
Line = Literal["", "slot", "quota"]
"""Of a connection: one of its calls at once, or one of its rate."""


class ErrorDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error of the workflow language (DSL reference, Error): problem details with `instance` = task pointer.

    Attributes:
        instance: JSON pointer of what raised it, empty for the workflow as a whole; None: the engine fills it in.
    """

    type: str
    status: int
    title: str = ""
    detail: str = ""
    instance: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One effect that a run asks for.

    Attributes:
        function: `http`, or a catalogue name such as `connector:1.0.0@default`.
        arguments: the evaluated `with` of the task.
        reference: JSON pointer of the task in its document (`/do/2/create`).
        key: idempotency key; sha256 hex of tenant, run, reference and iteration. Equal in every repetition.
        tenant, run: whose effect it is. In `waybill workflow run` both are fixed ids of a private namespace.
        bindings: the deployment's connections by name in the document (`erp` → connection id).
        attempt: 1 for the first call, raised by each `Later` answer. A crash does not raise it.
        has_waited: it stood in its connection's line, and its turn has come.
    """

    function: str
    arguments: dict[str, Any]
    reference: str
    key: str
    tenant: UUID
    run: UUID
    bindings: dict[str, UUID] = {}
    attempt: int = 1
    has_waited: bool = False


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The effect happened (or was found done); `output` is JSON."""

    output: Any
    usage: str = "call"


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The effect did not happen and repeating it will not help; becomes the task's error.

    `sent`: False where no request went out, so that nothing is metered.
    """

    error: ErrorDetails
    sent: bool = True


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """The other side is away or busy: park the run and call again with the same key after `seconds`.

    Attributes:
        seconds: floor for the delay; None leaves the engine's back-off (0.5 s doubled to 30 s, full jitter).
        reason: what the run waits for, in words that an operator understands. No secret, no payload.
        ref: the connection's public id, or the host that failed.
        error: becomes the task's error when the engine's patience ends.
        sent: False where no request went out, so that nothing is metered when the patience ends.
        parked: it takes none of the effect's attempts, and whoever wakes the run sooner has a reason to (ADR 0026).
        line: what of the connection it waits for when the other side is well (ADR 0029); empty: for the other side.
    """

    reason: str
    ref: str
    error: ErrorDetails
    seconds: float | None = None
    sent: bool = True
    parked: bool = False
    line: Line = ""


Answer = Done | Failed | Later


class Function(Protocol):
    """Must not raise for expected failures; an exception faults the run with the `runtime` error and is logged."""

    async def __call__(self, call: Call) -> Answer: ...


@runtime_checkable
class Cautious(Function, Protocol):
    """A function some of whose calls must not be made twice. What is not cautious may always be repeated by its key."""

    async def may_repeat(self, call: Call) -> bool:
        """Whether the same call may be made again after a crash that swallowed its answer.

        Where not, the engine commits that the call is sent before it makes it, and a sent call without an answer faults
        its task: the outcome is unknown, and a person decides.
        """
        ...


Functions = Mapping[str, Function]
"""By name: `http`, `connector:1.0.0@default`."""
