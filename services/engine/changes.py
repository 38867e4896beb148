"""Says which runs changed, to whoever watches at that moment (ADR 0015).

A hint and no record: it names tenant and run and nothing of theirs (S-17), may be lost, and costs its sender no wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final
from uuid import UUID

from infra import clock
from infra.redis import CHANGED

Pair = tuple[UUID, UUID]
"""Tenant and run."""

SPACING_SECONDS: Final = 0.02
"""Between two messages: a worker that flushes 500 times a second sends 50."""
MOST: Final = 2_000
QUIET_SECONDS: Final = 1.0
_ID_BYTES: Final = 16
_PAIR_BYTES: Final = 2 * _ID_BYTES

EVERYTHING: Final = b""
"""The message that more changed than one message holds: whoever watches anything looks for itself."""


def encode(pairs: Iterable[Pair]) -> bytes:
    return b"".join([tenant.bytes + run.bytes for tenant, run in pairs])


def decode(message: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Tenant and run of each pair, 16 bytes each; what is left over at the end of a malformed message is dropped."""
    for begin in range(0, len(message) - _PAIR_BYTES + 1, _PAIR_BYTES):
        middle = begin + _ID_BYTES
        yield message[begin:middle], message[middle : middle + _ID_BYTES]


class Changes:
    """One for the process. `note` after a commit; it never waits and never raises."""

    def __init__(self, publish: Callable[[str, bytes], Awaitable[bool]]) -> None:
        """`publish` says whether its message was taken, and does not raise."""
        self._publish = publish
        self._pending: set[Pair] = set()
        self._telling: asyncio.Task[None] | None = None
        self._quiet_until = 0.0

    def note(self, pairs: Iterable[Pair]) -> None:
        if len(self._pending) <= MOST:  # one more than fit, and the message is another one anyway
            self._pending.update(pairs)
        if self._telling is None and self._pending:
            if clock.monotonic() < self._quiet_until:
                self._pending.clear()
                return
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        """Until nothing is left; what comes meanwhile shares the next message."""
        try:
            while self._pending:
                batch, self._pending = self._pending, set()
                message = encode(batch) if len(batch) <= MOST else EVERYTHING
                if not await self._publish(CHANGED, message):
                    # Nobody hears; the watchers' own poll finds these and those of the next second.
                    self._pending.clear()
                    self._quiet_until = clock.monotonic() + QUIET_SECONDS
                    return
                await asyncio.sleep(SPACING_SECONDS)
        finally:
            self._telling = None

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            # Not awaited itself: its cancellation could not be told from one of ours.
            await asyncio.wait([self._telling])
