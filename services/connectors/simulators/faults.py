"""The failures that a simulator can be told to have. Kept in memory: a restart heals it."""

from __future__ import annotations

import random
from collections import deque
from typing import Final, Literal, get_args

import msgspec

Fault = Literal[
    "unavailable", "busy", "cut", "cut-after-accept", "cut-body", "hang", "not-json",
    "hang-after-accept", "late", "duplicate", "drift", "expired",
]  # fmt: skip
NAMES: Final[tuple[Fault, ...]] = get_args(Fault)
NOTHING_DONE: Final[frozenset[Fault]] = frozenset({"unavailable", "busy", "cut", "hang", "late", "expired"})


class Faults(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`PUT /_control/faults`. Every rate is a probability per request; `{}` heals.

    Attributes:
        unavailable: 503, nothing done.
        busy: 429 with `Retry-After: retry_after` (seconds), nothing done.
        cut: the connection is closed before anything is done.
        cut_after_accept: the request is done, then the connection is closed without an answer.
        cut_body: the request is done, half of the answer is sent, then the connection is closed.
        hang: nothing is done and nothing is ever answered.
        hang_after_accept: the request is done and nothing is ever answered.
        late: nothing is ever answered, and the request is done `late_seconds` later.
        duplicate: the request is done twice, as by a proxy that sends it again; the second answer is given.
        not_json: the request is done and answered with a page of HTML.
        drift: the request is done and answered in another form than the connector knows.
        expired: tokens and sessions that were given out are forgotten, and the request is refused for its credentials.
        latency: seconds before each request is looked at.
        webhook_twice: each webhook is sent twice.
        webhook_late: seconds before each webhook.
        refuse_seconds: for so long the port accepts no connections; open ones are cut.
        next: what the next requests meet, in order, before any rate: a fault's name with dashes, or `none`.
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
    latency: float = 0.0
    webhook_twice: bool = False
    webhook_late: float = 0.0
    refuse_seconds: float = 0.0
    next: list[Fault | Literal["none"]] = []
    seed: int = 0


class Chance:
    """Draws each request's fault."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._next = deque(faults.next)
        self._random = random.Random(faults.seed)  # noqa: S311 (a test's dice)
        rates = [(name, getattr(faults, name.replace("-", "_"))) for name in NAMES]
        self._rates = [(name, rate) for name, rate in rates if rate > 0]

    def draw(self) -> Fault | None:
        if self._next:
            name = self._next.popleft()
            return None if name == "none" else name
        return next((name for name, rate in self._rates if self._random.random() < rate), None)
