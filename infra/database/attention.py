"""Seconds that a page measured of somebody's work: handed to a request's transactions, and counted once (ADR 0105)."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final
from uuid import UUID

import msgspec

HAND: Final = "SELECT set_config('app.attention', $1, true)"
"""Hands a transaction what `Handed.told` says."""
LEFT: Final = "SELECT current_setting('app.attention', true)"
"""What a transaction has left of what it was handed, as text."""


class Handed(msgspec.Struct, frozen=True):
    """To one transaction: so many seconds, for at most so many touches of this account."""

    account: UUID
    seconds: int
    parts: int

    def told(self) -> str:
        """As `app.take_attention` reads it."""
        return f"{self.account} {self.seconds} {self.parts}"


class Attention:
    """Of one request of one person. What no touch took is in no figure.

    Attributes:
        counted: seconds that touches took, of transactions that were committed.
    """

    def __init__(self, account: UUID, seconds: int) -> None:
        self.counted = 0
        self._account = account
        self._seconds = seconds
        self._parts = 1
        self._together = 1

    def divide(self, parts: int, together: int = 1) -> None:
        """The request is about so many things, of which one transaction acts on so many: each has an equal part."""
        self._parts = max(parts, 1)
        self._together = together

    def hand(self) -> Handed | None:
        """To a transaction that begins, behind the one before; None where all was counted."""
        if self._parts < 1:
            return None
        parts = min(self._together, self._parts)
        return Handed(self._account, self._seconds * parts // self._parts, parts)

    def settle(self, handed: Handed, left: str) -> None:
        """The transaction was committed, with `left` as `LEFT` told it before."""
        _, seconds, parts = left.split(" ")
        taken = handed.seconds - int(seconds)
        self.counted += taken
        self._seconds -= taken
        self._parts -= handed.parts - int(parts)

    def end(self) -> None:
        """Nothing more is handed out: the request was answered, and what it has started goes on without it."""
        self._parts = 0


_PRESENT: Final[ContextVar[Attention | None]] = ContextVar("attention", default=None)


def attend(attention: Attention | None) -> None:
    """From here on, in this task: every transaction of a tenant is handed of it."""
    _PRESENT.set(attention)


def present() -> Attention | None:
    return _PRESENT.get()


def divide(parts: int, together: int = 1) -> None:
    """`Attention.divide` of whoever acts here; nothing where nobody measured."""
    attention = _PRESENT.get()
    if attention is not None:
        attention.divide(parts, together)
