"""The protocol that everything with an effect fills: HTTP calls, connectors, human tasks.

The engine knows no connector. `services.worker` composes a `Functions` table at start; the command line composes a
smaller one. A function is called outside any transaction and may be called again with the same `key` after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec

STANDARD_ERRORS: Final = "https://serverlessworkflow.io/spec/1.0.0/errors/"
NOT_APPROVED: Final = "/problems/write-not-approved"
"""The error of a write that a rule guards and nobody approved (ADR 0063). Nothing catches it."""
Line = Literal["", "slot", "quota", "manual", "playbook", "person", "hold"]
"""Of a connection: one of its calls at once, or one of its rate; a person who does what it cannot; or that its playbook
is left (ADR 0035). Of a human task: the person who does it (ADR 0097). Of neither: that nothing
holds an order any more (ADR 0104)."""
EffectMode = Literal["read", "keyed", "check-then-write", "once-or-ask"]
"""How an effect stands being made again (ADR 0027).

`read` changes nothing. `keyed`: the other side recognises the key. `check-then-write`: it is looked for before it is
written. `once-or-ask`: it is sent once, and what became of it is looked for or asked about, never tried again.
"""


def is_ours(kind: str) -> bool:
    """Whether the words of an error of this type are the product's, and no document's."""
    return kind.startswith(STANDARD_ERRORS) or kind == NOT_APPROVED


def without_words(error: Mapping[str, Any]) -> dict[str, Any]:
    """Of problem details what no payload can speak through: a `raise` may compute its words, and even its type."""
    kept = {name: error[name] for name in ("status", "instance") if name in error}
    kind = str(error.get("type", ""))
    return kept | {"type": kind if is_ours(kind) else "about:blank"}


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
        groups: those names that have a group of connections instead, whose rules choose one of it (ADR 0083).
        attempt: 1 for the first call, raised by each `Later` answer. A crash does not raise it.
        has_waited: it stood in its connection's line, and its turn has come.
        age: of an effect that is looked for (`Cautious.settle`), seconds since its last request went out; of one whose
            key grows old, since its first: requests with the key may have followed for as long as the key was known.
        planned: `infra.clock.monotonic` of this process before it was committed that an effect with a row is sent.
        elsewhere: as of its `Terms`: nothing is committed of it, so it must not be sent to its own side.
        repeated: a request of it went out before, as far as that left a trace: of an effect without a row whose key
            does not grow old, the answer that put it off.
        by_hand: it waited for a person who does it.
        fence: of the claim of the run that makes it (F-02); 0 where there is none.
    """

    function: str
    arguments: dict[str, Any]
    reference: str
    key: str
    tenant: UUID
    run: UUID
    bindings: dict[str, UUID] = {}
    groups: dict[str, UUID] = {}
    attempt: int = 1
    has_waited: bool = False
    age: float = 0.0
    planned: float | None = None
    elsewhere: bool = False
    repeated: bool = False
    by_hand: bool = False
    fence: int = 0


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The effect happened (or was found done); `output` is JSON.

    Attributes:
        via: public id of the connection that was asked instead of the one that the call names, since that one is away.
        by: who did it where the call's own side did not: a person, or `fallback`. The ledger keeps it (ADR 0035).
    """

    output: Any
    usage: str = "call"
    via: str = ""
    by: str = ""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The effect did not happen and repeating it will not help; becomes the task's error.

    `sent`: False where no request went out, so that nothing is metered. `via`: as of `Done`. `ref`: public id of the
    connection that was asked, empty where there is none.
    """

    error: ErrorDetails
    sent: bool = True
    via: str = ""
    ref: str = ""


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
        uncertain: a request went out that may have been acted upon; only effects that need a row care.
        absent: it was looked for in the other system and has not happened: the next call is as the first one.
    """

    reason: str
    ref: str
    error: ErrorDetails
    seconds: float | None = None
    sent: bool = True
    parked: bool = False
    line: Line = ""
    uncertain: bool = False
    absent: bool = False


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A request went out, what became of it is not known, and nothing may repeat it: a person decides.

    Attributes:
        error: why it is not known, in words for that person; no secret.
        answer: what is known of the answer, JSON.
    """

    error: ErrorDetails
    answer: Any = None
    sent: bool = True


Answer = Done | Failed | Later | Unknown


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine must know of an effect before it sends it.

    Attributes:
        operation: what is called, for people: `erp.sales-orders.create`, `POST https://shop.example/orders`.
        connection: over which it goes; None: none.
        key_valid_for: milliseconds for which the other side knows a key, from its first request on. None: for ever.
        elsewhere: it does not go to the connection now, so that nothing of it can be on its way there.
    """

    mode: EffectMode
    operation: str
    connection: UUID | None = None
    key_valid_for: int | None = None
    elsewhere: bool = False

    @property
    def needs_row(self) -> bool:
        """Whether it is in the ledger before it is sent."""
        return not self.elsewhere and self.mode in {"check-then-write", "once-or-ask"}


class Function(Protocol):
    """Must not raise for expected failures; an exception faults the run with the `runtime` error and is logged."""

    async def __call__(self, call: Call) -> Answer: ...


@runtime_checkable
class Cautious(Function, Protocol):
    """A function some of whose calls need care. What is not cautious may be repeated by its key at any time."""

    async def terms(self, call: Call) -> Terms | None:
        """How `call` stands being made again; None: it may be, by its key, at any time.

        Of an effect that needs a row the engine commits that it is sent before it makes the call; of one whose key
        grows old, when it was first sent.
        """
        ...

    async def settle(self, call: Call) -> Answer:
        """What became of an effect whose earlier request may have arrived. Sends nothing that changes anything.

        Done or Failed: it was found. `Later` with `absent`: it has not happened and is called again. Any other `Later`:
        look again. Unknown: nobody can tell but a person.
        """
        ...


Functions = Mapping[str, Function]
"""By name: `http`, `connector:1.0.0@default`."""
