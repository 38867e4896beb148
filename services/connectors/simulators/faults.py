"""The failures that a simulator can be told to have. Kept in memory: a restart heals it."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any, Final, Literal, get_args

import msgspec

Fault = Literal[
    "unavailable", "busy", "cut", "cut-after-accept", "cut-body", "hang", "not-json",
    "hang-after-accept", "late", "duplicate", "drift", "expired",
]  # fmt: skip
NAMES: Final[tuple[Fault, ...]] = get_args(Fault)
NOTHING_DONE: Final[frozenset[str]] = frozenset({"unavailable", "busy", "cut", "hang", "late", "expired"})
AT_LOGIN: Final[frozenset[str]] = frozenset({"busy", "expired"})
WHEN_WRITTEN: Final[frozenset[str]] = frozenset({"forbidden", "full", "cut", "cut-after-accept"})
WHEN_LEFT: Final[frozenset[str]] = frozenset({"duplicate", "late", "truncated", "drift", "out-of-order"})
_FILES: Final = tuple(sorted(AT_LOGIN | WHEN_WRITTEN | WHEN_LEFT))
_NONE: Final = "none"
_COME: Final = frozenset({_NONE, *NAMES, *_FILES})
"""What can be among those that come `next`."""

HTTP: Final[frozenset[str]] = frozenset({_NONE, *NAMES, "retry-after", "late-seconds", "latency", "refuse-seconds"})
"""What a simulator that answers requests can be told."""
WEBHOOKS: Final[frozenset[str]] = frozenset({"webhook-twice", "webhook-late"})
"""What one can be told that sends webhooks."""
FILES: Final[frozenset[str]] = frozenset({*_FILES, "late-seconds"})
"""What one can be told that speaks by files."""


class UnknownFault(Exception):
    """The simulator cannot be told this; the message names all that it can be told."""


class Faults(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`PUT /_control/faults`. Every rate is a probability per request, or per file; `{}` heals.

    Attributes:
        unavailable: 503, nothing done.
        busy: 429 with `Retry-After: retry_after` (seconds), nothing done. Of files: nobody is taken in.
        cut: the connection is closed before anything is done. Of files: before a written one has its name.
        cut_after_accept: the request is done, then the connection is closed without an answer. Of files: likewise.
        cut_body: the request is done, half of the answer is sent, then the connection is closed.
        hang: nothing is done and nothing is ever answered.
        hang_after_accept: the request is done and nothing is ever answered.
        late: nothing is ever answered, and the request is done `late_seconds` later. Of files: one is left so late.
        duplicate: the request is done twice, as by a proxy that sends it again; the second answer is given. Of files:
            one is left twice, under two names.
        not_json: the request is done and answered with a page of HTML.
        drift: the request is done and answered in another form than the connector knows. Of files: one has a column of
            another name, or in another place.
        expired: tokens and sessions that were given out are forgotten, and the request is refused for its credentials.
            Of files: the password and the key are refused.
        forbidden: of files: the account may not write one.
        full: of files: there is no more space when half of one is written.
        truncated: of files: half of one is left under its name; the whole is there an hour later.
        out_of_order: of files: one is left half an hour behind the next of its kind.
        latency: seconds before each request is looked at.
        webhook_twice: each webhook is sent twice.
        webhook_late: seconds, by the simulator's time, between what happens and its webhook.
        refuse_seconds: for so long the port accepts no connections; open ones are cut.
        next: what the next requests meet, in order, before any rate: a fault's name with dashes, or `none`. Of files
            each waits for what it can happen to.
        seed: makes the rates repeatable.
    """

    unavailable: float = 0.0
    busy: float = 0.0
    retry_after: int = 1
    cut: float = 0.0
    cut_after_accept: float = 0.0
    cut_body: float = 0.0
    hang: float = 0.0
    hang_after_accept: float = 0.0
    late: float = 0.0
    late_seconds: float = 1.0
    duplicate: float = 0.0
    not_json: float = 0.0
    drift: float = 0.0
    expired: float = 0.0
    forbidden: float = 0.0
    full: float = 0.0
    truncated: float = 0.0
    out_of_order: float = 0.0
    latency: float = 0.0
    webhook_twice: bool = False
    webhook_late: float = 0.0
    refuse_seconds: float = 0.0
    next: list[str] = []
    seed: int = 0


def read(body: bytes, known: Collection[str]) -> Faults:
    """What a simulator is told that knows these, named with dashes.

    Raises:
        UnknownFault: it is told another one.
        msgspec.DecodeError: it is not told so at all.
    """
    told = msgspec.json.decode(body, type=dict[str, Any])
    faults = msgspec.convert(told, Faults) if told.keys() <= set(Faults.__struct_fields__) else None
    named = [one.replace("_", "-") for one in told if one not in ("next", "seed")]
    strange = [one for one in named if one not in known]
    strange += [one for one in faults.next if one not in known or one not in _COME] if faults else []
    if strange or faults is None:
        listed = ", ".join(sorted(known))
        raise UnknownFault(f"{', '.join(map(repr, strange))} cannot come here; what can: {listed}")
    return faults


def shown(faults: Faults, known: Collection[str]) -> dict[str, Any]:
    """As `read` takes it."""
    told: dict[str, Any] = msgspec.to_builtins(faults)
    return {name: one for name, one in told.items() if name in ("next", "seed") or name.replace("_", "-") in known}


class Chance:
    """Draws what each request meets, or each thing that happens to a file."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._next = list(faults.next)
        self._random = random.Random(faults.seed)  # noqa: S311 (a test's dice)
        rates = [(name, getattr(faults, name.replace("-", "_"))) for name in dict.fromkeys((*NAMES, *_FILES))]
        self._rates = [(name, rate) for name, rate in rates if rate > 0]

    def draw(self, among: Collection[str] = NAMES) -> str | None:
        """One of these, or none."""
        name = next((one for one in self._next if one == _NONE or one in among), None)
        if name is not None:
            self._next.remove(name)
            return None if name == _NONE else name
        return next((one for one, rate in self._rates if one in among and self._random.random() < rate), None)
