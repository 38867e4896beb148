"""Turns: so many requests of one credential are worked on at a time, and its others wait for them (ADR 0073).

Whoever sends a hundred at once would else have a hundred parts of this process's time against one of everybody else's.
A turn begins when the request is whole, so that a slow sender holds none, and ends with the first of its answer, so
that a stream holds none either.
"""

from __future__ import annotations

import asyncio
from typing import Final

MOST: Final = 8


class Turns:
    """Of one process.

    Args:
        most: requests of one credential at a time.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._gates: dict[bytes, _Gate] = {}

    def of(self, credential: bytes) -> Turn:
        """That of a request which carries `credential`; without one it never waits, for it has nobody of its own."""
        return Turn(self, credential)

    def gate(self, credential: bytes) -> _Gate:
        """For a turn: the credential's, which is here while one of its turns is."""
        gate = self._gates.get(credential)
        if gate is None:
            gate = self._gates[credential] = _Gate(self._most)
        return gate

    def left(self, credential: bytes) -> None:
        """For a turn: it has ended."""
        if not self._gates[credential].users:
            del self._gates[credential]

    def __len__(self) -> int:
        """Credentials that have a turn or wait for one."""
        return len(self._gates)


class _Gate(asyncio.Semaphore):
    users = 0


class Turn:
    """One request's; `take` and `end` may be called more than once."""

    __slots__ = ("_credential", "_gate", "_is_taken", "_turns")

    def __init__(self, turns: Turns, credential: bytes) -> None:
        self._turns = turns
        self._credential = credential
        self._gate: _Gate | None = None
        self._is_taken = False

    async def take(self) -> None:
        """Wait until it is this request's."""
        if self._gate is not None or not self._credential:
            return
        self._gate = self._turns.gate(self._credential)
        self._gate.users += 1
        await self._gate.acquire()
        self._is_taken = True

    def end(self) -> None:
        """Let the next one work; also where this one never came to it."""
        if self._gate is None or not self._credential:
            return
        if self._is_taken:
            self._gate.release()
        self._gate.users -= 1
        self._turns.left(self._credential)
        self._credential = b""
