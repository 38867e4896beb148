"""How many calls of a connection are under way and how many begin in a time, all workers together (ADR 0029).

A call under the limits asks nobody: slots are divided among the workers that live, calls of a rate are taken from the
database by the handful. One over them does not go out; its run waits its turn without a worker (F-20, F-21).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, surviving
from services.connectors.breakers import parked
from services.connectors.quota import Quota
from services.connectors.sdk.context import OpenConnection
from services.connectors.sdk.errors import Away
from services.connectors.shares import Shares
from services.connectors.slots import Slots
from services.engine import lines
from services.engine.functions import Call, Line

_NOTED_SECONDS: Final = 20.0
"""Shorter than the minute for which the sweep looks after a line, past a period of its rate."""
_KEPT: Final = 10_000


class Limits(Protocol):
    """What a call asks before it goes out, and tells when it is over. `seconds` that it took; None: it was not made."""

    async def enter(self, call: Call, connection: OpenConnection, *, probing: bool) -> None:
        """Raises Away: its turn has not come. `probing`: it tries if the connection is back, and needs no slot."""
        ...

    def leave(self, tenant: UUID, connection: OpenConnection, seconds: float | None) -> None: ...


class Unlimited:
    """For what runs without a database."""

    async def enter(self, call: Call, connection: OpenConnection, *, probing: bool) -> None:
        """Every call goes out."""

    def leave(self, tenant: UUID, connection: OpenConnection, seconds: float | None) -> None:
        """Nothing to note."""


class _Kept(msgspec.Struct):
    """What this worker knows of a connection. `waits`: runs stand in its line, as far as is known here."""

    slots: Slots
    quota: Quota
    waits: bool = False
    noted_until: float = 0.0
    calling: asyncio.Task[None] | None = None


class SharedLimits:
    """One for the process."""

    def __init__(self, database: Database, shares: Shares, ring: Callable[[], None]) -> None:
        """`ring`: say that something is in line."""
        self._database = database
        self._shares = shares
        self._ring = ring
        self._kept: OrderedDict[tuple[UUID, UUID], _Kept] = OrderedDict()

    async def enter(self, call: Call, connection: OpenConnection, *, probing: bool) -> None:
        kept, limits = self._of(call.tenant, connection.id), connection.limits
        part = self._shares.part(limits.at_once, connection.id)
        if not await kept.slots.take(part, has_waited=call.has_waited, probing=probing):
            reason = f"as many calls are under way as it takes at once ({limits.at_once})"
            await self._set_aside(kept, call.tenant, connection, "slot", reason)
        if limits.rate is None:
            return
        may = False
        try:
            with surviving("taking calls of a rate"):
                may = await kept.quota.take(
                    lambda want: lines.take(self._database, call.tenant, connection.id, limits, want)
                )
        finally:
            if not may:
                kept.slots.leave(part)
        if not may:
            reason = f"its rate is used up ({limits.rate.calls} calls in {limits.rate.seconds:g} s)"
            await self._set_aside(kept, call.tenant, connection, "quota", reason)

    def leave(self, tenant: UUID, connection: OpenConnection, seconds: float | None) -> None:
        kept = self._of(tenant, connection.id)
        kept.slots.leave(self._shares.part(connection.limits.at_once, connection.id), seconds)
        if kept.waits and kept.calling is None:
            kept.calling = asyncio.create_task(self._call(kept, tenant, connection))

    async def _set_aside(self, kept: _Kept, tenant: UUID, connection: OpenConnection, line: Line, reason: str) -> None:
        """Raises Away, always."""
        kept.waits = True
        if clock.monotonic() >= kept.noted_until:
            with surviving("noting that runs wait for a connection"):
                await lines.note(self._database, tenant, connection.id, connection.limits)
                kept.noted_until = clock.monotonic() + _NOTED_SECONDS
        away = parked(reason)
        raise Away(reason, seconds=away.seconds, sent=False, parked=True, line=line)

    async def _call(self, kept: _Kept, tenant: UUID, connection: OpenConnection) -> None:
        """Fill the free slots from the line, as long as there is something in it."""
        try:
            while kept.waits and (room := self._room(kept, connection)):
                called = 0
                with surviving("calling from a line"):
                    called = await lines.call(self._database, tenant, connection.id, room)
                kept.waits = called == room
                if called:
                    kept.slots.expect(called)
                    self._ring()
        finally:
            kept.calling = None

    def _room(self, kept: _Kept, connection: OpenConnection) -> int:
        room = kept.slots.room(self._shares.part(connection.limits.at_once, connection.id))
        return room if connection.limits.rate is None else min(room, kept.quota.left())

    def _of(self, tenant: UUID, connection: UUID) -> _Kept:
        kept = self._kept.get((tenant, connection))
        if kept is not None:
            return kept
        kept = self._kept[tenant, connection] = _Kept(Slots(), Quota())
        if len(self._kept) > _KEPT:
            idle = next((key for key, one in self._kept.items() if not one.slots.taken and one is not kept), None)
            if idle is not None:
                del self._kept[idle]
        return kept
