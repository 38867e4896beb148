"""A circuit breaker for each connection: who is away is left alone, and the runs wait without a worker (ADR 0026).

Calls that failed are counted by each worker for itself; that a connection is away is a row that all of them share. The
row is read when a worker meets a connection for the first time, and when its own count says so: a call of a connection
that is well costs nothing here.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict, deque
from typing import Final, Protocol
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, surviving
from services.connectors.good_calls import GoodCalls
from services.connectors.sdk.context import OpenConnection
from services.connectors.sdk.errors import Away
from services.engine import outages
from services.engine.outages import Outage

IN_A_ROW: Final = 5
"""Calls in a row whose side was away open the breaker, as does half of the last `WINDOW`."""
WINDOW: Final = 20
PARKED_SECONDS: Final = 600.0
"""A run that waits for a connection looks by itself after that; the end of the outage finds it sooner."""
_FIRST_TRY_SECONDS: Final = 1.0
_FRESH_SECONDS: Final = 1.0
"""Between two looks of a worker at the row of an outage that lasts."""
_KEPT: Final = 10_000


class Breakers(Protocol):
    """What a call asks before it goes out, and tells of how it went. `probing`: what `admit` answered."""

    async def admit(self, tenant: UUID, connection: OpenConnection) -> bool:
        """Whether the call is the one that tries if the connection is back. Raises Away: it must not go out."""
        ...

    async def answered(
        self, tenant: UUID, connection: OpenConnection, *, probing: bool, was_done: bool = False
    ) -> None:
        """`was_done`: its side did what was asked."""
        ...

    async def away(self, tenant: UUID, connection: OpenConnection, away: Away, *, probing: bool) -> bool:
        """Whether the connection is known to be away now."""
        ...


class Closed:
    """No breaker: every call goes out. For what runs without a database."""

    async def admit(self, tenant: UUID, connection: OpenConnection) -> bool:
        del tenant, connection
        return False

    async def answered(
        self, tenant: UUID, connection: OpenConnection, *, probing: bool, was_done: bool = False
    ) -> None:
        """Nothing to note."""

    async def away(self, tenant: UUID, connection: OpenConnection, away: Away, *, probing: bool) -> bool:
        """Nothing to note."""
        del tenant, connection, away, probing
        return False


class _Known(msgspec.Struct):
    """What this worker knows of a connection.

    `asked_at`: when it read the row, on the monotonic clock. `refused`: calls that did not go out since.
    """

    recent: deque[bool]
    asking: asyncio.Lock
    in_a_row: int = 0
    outage: Outage | None = None
    asked_at: float = 0.0
    refused: int = 0

    def forget(self) -> None:
        """Begin to count anew."""
        self.outage = None
        self.recent.clear()
        self.in_a_row = 0


class SharedBreakers:
    """One for the process. A database that is away opens no breaker and closes none."""

    def __init__(self, database: Database, good_calls: GoodCalls | None = None) -> None:
        """`good_calls`: where it is noted that a call was done."""
        self._database = database
        self._good_calls = good_calls
        self._known: OrderedDict[tuple[UUID, UUID, int], _Known] = OrderedDict()

    async def admit(self, tenant: UUID, connection: OpenConnection) -> bool:
        known = self._of(tenant, connection)
        if not known.asked_at or known.outage is not None:
            # Calls that come together look once.
            async with known.asking:
                await self._look(known, tenant, connection)
        if known.outage is None:
            return False
        if known.outage.is_probe:
            known.outage = Outage(known.outage.reason)
            return True
        known.refused += 1
        raise parked(known.outage.reason)

    async def _look(self, known: _Known, tenant: UUID, connection: OpenConnection) -> None:
        if known.asked_at and clock.monotonic() < known.asked_at + _FRESH_SECONDS:
            return
        with surviving("asking for a connection's outage"):
            refused, known.refused = known.refused, 0
            found = await outages.ask(self._database, tenant, connection.id, connection.revision, refused=refused)
            if found is None and known.outage is not None:
                known.forget()
            known.outage = found
        known.asked_at = clock.monotonic()

    async def answered(
        self, tenant: UUID, connection: OpenConnection, *, probing: bool, was_done: bool = False
    ) -> None:
        if was_done and self._good_calls is not None:
            self._good_calls.note(tenant, connection)
        known = self._of(tenant, connection)
        known.recent.append(False)
        known.in_a_row = 0
        if not probing:
            return
        with surviving("noting that a connection is back"):
            await outages.end(self._database, tenant, connection.id, refused=known.refused)
            known.refused = 0
            known.forget()

    async def away(self, tenant: UUID, connection: OpenConnection, away: Away, *, probing: bool) -> bool:
        known = self._of(tenant, connection)
        known.recent.append(True)
        known.in_a_row += 1
        if probing or (known.outage is None and _is_open(known)):
            seconds = away.seconds or (0.0 if probing else _FIRST_TRY_SECONDS)
            # Here from now on: while it is written, quick refusals would let dozens of other calls out.
            known.outage, known.asked_at = Outage(away.reason), clock.monotonic()
            is_noted = False
            with surviving("noting that a connection is away"):
                await outages.begin(
                    self._database, tenant, connection.id, away.reason, seconds, revision=connection.revision
                )
                is_noted = True
            if not is_noted:
                known.outage = None
        return known.outage is not None

    def _of(self, tenant: UUID, connection: OpenConnection) -> _Known:
        """By revision, too: of a connection that somebody has changed nothing is known, and it is tried at once."""
        key = (tenant, connection.id, connection.revision)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        known = self._known[key] = _Known(deque(maxlen=WINDOW), asyncio.Lock())
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known


def _is_open(known: _Known) -> bool:
    return known.in_a_row >= IN_A_ROW or (len(known.recent) == WINDOW and sum(known.recent) * 2 >= WINDOW)


def parked(reason: str, *, sent: bool = False) -> Away:
    """The answer to a call of a connection that is known to be away; the end of the outage wakes its run."""
    # Some time apart, or all that waited would look at one moment.
    seconds = PARKED_SECONDS + random.uniform(0, PARKED_SECONDS / 10)  # noqa: S311 (jitter, no secret)
    return Away(reason, seconds=seconds, sent=sent, parked=True)
