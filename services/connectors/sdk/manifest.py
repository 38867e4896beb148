"""A connector as a value: what it needs, and what it can do. Safe to hand to any screen or check."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from services.engine.functions import EffectMode
from services.inbound.mapping import EventOf
from services.inbound.verification import Verification
from template_library.dsl.durations import DurationError, milliseconds
from template_library.policies.capabilities import ANYTHING, READS, Access, Domain
from tenants.connections.limits import Limits

Mode = EffectMode | Literal["by-call"]
"""How an operation stands being repeated with the same key (`services.engine.functions.EffectMode`).

`keyed`: send `Context.key`. `check-then-write` needs `sdk.connector.ReadsBack`. `once-or-ask` may have it. `by-call`:
the input and the connection's settings decide, and the connector tells (`sdk.connector.ByCall`).
"""


class Care(msgspec.Struct, frozen=True):
    """How one call stands being repeated. `key_valid_for`: milliseconds for which the other side knows its key."""

    mode: EffectMode
    key_valid_for: int | None = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a connector can do.

    Attributes:
        input, output: JSON Schemas (2020-12); checked before and after each call.
        key_valid_for: of a `keyed` one whose other side forgets keys: for how long it knows them (`PT24H`).
        evens_out: of a `check-then-write` one: two of its writes at once come to one effect, so that one that is absent
            is written at once. Without it, it counts as absent only when no earlier write can be on its way any more.
        writes: what it writes about, for rules that ask for an approval before it (ADR 0063). None of one that writes:
            about anything. Of `reading` see `access`.
        reading: a member of the input, and its values with which a call only reads.
        scopes: rights that the credentials need for it.
        inner: triggers ask it, and workflows cannot.
        looks: whether its connector, where it is a `sdk.connector.ReadsBack`, can look for what a call of this one did.

    Raises:
        ValueError: an age of keys where there are none, or one that is no duration; `evens_out` of another mode; a
            `read` that writes.
    """

    name: str
    title: str
    mode: Mode
    input: dict[str, Any]
    output: dict[str, Any]
    key_valid_for: str | None = None
    evens_out: bool = False
    writes: tuple[Domain, ...] = ()
    reading: tuple[str, tuple[str, ...]] | None = None
    looks: bool = True
    scopes: tuple[str, ...] = ()
    inner: bool = False

    def __post_init__(self) -> None:
        if self.writes and self.mode == "read":
            raise ValueError(f"{self.name} has the mode read and says what it writes")
        if self.evens_out and self.mode != "check-then-write":
            raise ValueError(f"{self.name} has the mode {self.mode} and says that it evens out what is written twice")
        if self.key_valid_for is not None:
            if self.mode != "keyed":
                raise ValueError(f"{self.name} has the mode {self.mode} and says how long a key is known")
            age(self.key_valid_for)

    @property
    def access(self) -> Access:
        """What it may write, with the default of the member that tells whether a call reads."""
        if self.mode == "read":
            return READS
        writes = frozenset(self.writes) or ANYTHING
        if self.reading is None:
            return Access(writes=writes)
        member, values = self.reading
        absent = self.input.get("properties", {}).get(member, {}).get("default")
        return Access(writes=writes, member=member, reading=frozenset(values), absent_reads=absent in values)


def age(text: str) -> int:
    """Milliseconds. Raises ValueError."""
    try:
        found = milliseconds(text)
    except DurationError as error:
        raise ValueError(f"{text!r} is no duration: {error}") from error
    if found <= 0:
        raise ValueError(f"{text!r} is no time at all")
    return found


class SecretField(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str
    required: bool = True


class WebhookForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an inbound endpoint of a system is made with."""

    verification: Verification
    event: EventOf
    media_types: tuple[str, ...]


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """What of a system becomes events.

    Attributes:
        kind: `file` asks too, for files that were left in a folder, and `mail` for what came to a mailbox.
        events: their types; empty: the system's own names.
        every: of those that ask: duration between two calls.
        webhook: of a `webhook`.
    """

    name: str
    title: str
    kind: Literal["poll", "file", "mail", "webhook"]
    events: tuple[str, ...] = ()
    every: str = ""
    webhook: WebhookForm | None = None


class Question(msgspec.Struct, frozen=True):
    """An operation that reads, and an input with which it is a small question: what a connection is checked by.

    `rights`: another one, that takes nothing and gives the names of the rights that the credentials have; empty: none.
    """

    operation: str
    input: dict[str, Any] = {}
    rights: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Name, version (semver) and form of a connector. `settings` is a JSON Schema and never holds a secret.

    Attributes:
        limits: of a connection that says nothing else.
        destinations: settings that say where secrets go, beside the base URL.
        asked: rights that its authentication asks for, which are none too many.
        traps: what surprises who uses the system.
        follows: which version of which public document it follows.
        health: what its connections are checked by.
    """

    name: str
    version: str
    title: str
    settings: dict[str, Any]
    secrets: tuple[SecretField, ...] = ()
    operations: tuple[Operation, ...] = ()
    limits: Limits | None = None
    destinations: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    triggers: tuple[Trigger, ...] = ()
    traps: tuple[str, ...] = ()
    follows: str = ""
    health: Question | None = None
