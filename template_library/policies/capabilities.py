"""What an operation may write: its capability, declared where the operation is (ADR 0063)."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import msgspec

Domain = Literal[
    "price", "credit", "terms", "payment", "posting", "bank", "compliance",
    "order", "invoice", "stock", "purchase", "customer", "supplier", "item", "shipment", "claim", "ticket", "message",
    "document",
]  # fmt: skip
"""What a write is about. The first seven are what money and liability hang on. An `invoice` is
charged at the prices that its order has in the system that charges it; whoever names amounts writes a `posting`."""
DOMAINS: Final[frozenset[str]] = frozenset(get_args(Domain))
GUARDED: Final[tuple[Domain, ...]] = ("price", "credit", "terms", "payment", "posting", "bank", "compliance")
UNDECLARED: Final = "undeclared"
"""A write of which nobody has said what it is about: it may be about anything."""

Writes = frozenset[str]
"""Domains; empty: nothing is written."""
NOTHING: Final[Writes] = frozenset()
ANYTHING: Final[Writes] = frozenset({UNDECLARED})


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation may write.

    Attributes:
        writes: empty of one that only reads.
        member: of the operation's input, whose value may tell that a call reads; empty: none does.
        reading: those values.
        absent_reads: whether a call without the member reads.
    """

    writes: Writes = ANYTHING
    member: str = ""
    reading: frozenset[str] = frozenset()
    absent_reads: bool = False

    def of(self, values: Any) -> Writes:
        """What a call with the input `values` may write."""
        if not self.member or not isinstance(values, dict):
            return self.writes
        if self.member not in values:
            return NOTHING if self.absent_reads else self.writes
        value = values[self.member]
        return NOTHING if isinstance(value, str) and value in self.reading else self.writes


READS: Final = Access(writes=NOTHING)


def capabilities(writes: Writes) -> tuple[str, ...]:
    """As people read them: `read`, or `write:price`."""
    return tuple(f"write:{domain}" for domain in sorted(writes)) or ("read",)
