"""How many calls of a connection may be under way, and how many begin in a time; all workers together (ADR 0029)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `calls` begin in a period, which lasts `seconds` from its first call; two periods may meet at an edge."""

    calls: Annotated[int, Meta(ge=1, le=100_000)]
    seconds: Annotated[float, Meta(ge=1, le=86_400)] = 1.0


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`at_once`: calls under way in all workers together."""

    at_once: Annotated[int, Meta(ge=1, le=1_000)] = 10
    rate: Rate | None = None
