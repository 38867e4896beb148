"""A circuit breaker for each connection: who is away is left alone, and the runs wait without a worker (ADR 0026).

Calls that failed are counted by each worker for itself; that a connection is away is a row that all of them share. The
row is read when a worker meets a connection for the first time, and when its own count says so: a call of a connection
that is well costs nothing here.
"""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from typing import Final, Protocol
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, surviving
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

    async def answered(self, tenant: UUID, connection: OpenConnection, *, probing: bool) -> None: ...

    async def away(self, tenant: UUID, connection: OpenConnection, away: Away) -> None: ...


class Closed:
    """No breaker: every call goes out. For what runs without a database."""

    async def admit(self, tenant: UUID, connection: OpenConnection) -> bool:
        del tenant, connection
        return False

    async def answered(self, tenant: UUID, connection: OpenConnection, *, probing: bool) -> None:
        """Nothing to note."""

    async def away(self, tenant: UUID, connection: OpenConnection, away: Away) -> None:
        """Nothing to note."""


class _Known(msgspec.Struct):
    """What this worker knows of a connection. `asked_at`: when it read the row, on the monotonic clock."""

    recent: deque[bool]
    in_a_row: int = 0
    outage: Outage | None = None
    asked_at: float = 0.0


class SharedBreakers:
    """One for the process. A database that is away opens no breaker and closes none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[tuple[UUID, UUID, int], _Known] = OrderedDict()

    async def admit(self, tenant: UUID, connection: OpenConnection) -> bool:
        known = self._of(tenant, connection)
        is_new = not known.asked_at
        if (is_new or known.outage is not None) and clock.monotonic() >= known.asked_at + _FRESH_SECONDS:
            known.asked_at = clock.monotonic()
            with surviving("asking for a connection's outage"):
                known.outage = await outages.ask(self._database, tenant, connection.id)
        if known.outage is None:
            return False
        if known.outage.is_probe or (is_new and connection.revision > 1):
            known.outage = Outage(known.outage.reason)
            return True
        raise _parked(known.outage)

    async def answered(self, tenant: UUID, connection: OpenConnection, *, probing: bool) -> None:
        known = self._of(tenant, connection)
        known.recent.append(False)
        known.in_a_row = 0
        if not probing:
            return
        with surviving("noting that a connection is back"):
            await outages.end(self._database, tenant, connection.id)
            known.outage = None
            known.recent.clear()

    async def away(self, tenant: UUID, connection: OpenConnection, away: Away) -> None:
        known = self._of(tenant, connection)
        known.recent.append(True)
        known.in_a_row += 1
        if known.outage is not None or not _is_open(known):
            return
        with surviving("noting that a connection is away"):
            await outages.begin(self._database, tenant, connection.id, away.reason, away.seconds or _FIRST_TRY_SECONDS)
            known.outage = Outage(away.reason)

    def _of(self, tenant: UUID, connection: OpenConnection) -> _Known:
        """By revision, too: of a connection that somebody has changed nothing is known, and it is tried at once."""
        key = (tenant, connection.id, connection.revision)
        known = self._known.setdefault(key, _Known(deque(maxlen=WINDOW)))
        self._known.move_to_end(key)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known


def _is_open(known: _Known) -> bool:
    return known.in_a_row >= IN_A_ROW or (len(known.recent) == WINDOW and sum(known.recent) * 2 >= WINDOW)


def _parked(outage: Outage) -> Away:
    # Some time apart, or all that waited would look at one moment.
    seconds = PARKED_SECONDS + random.uniform(0, PARKED_SECONDS / 10)  # noqa: S311 (jitter, no secret)
    return Away(outage.reason, seconds=seconds, sent=False, parked=True)
