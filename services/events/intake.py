"""Stores each event once per (tenant, source, id) and hands it on, in one commit a batch.

Requests of one tenant that arrive during a commit share the next one; a single request commits at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import crash_points, ids
from infra.database import Database, is_outage
from infra.ids import TenantId
from infra.telemetry import instruments, trace, working_for
from services.events import store
from services.events.cloud_event import CloudEvent
from services.events.errors import EventIdReused
from services.events.received import Beside, Received


class Followed(msgspec.Struct, frozen=True):
    """What events set going: the runs that each started, by event id, and how many that waited were woken.

    `to_judge`: how often an event may begin a run of a deployment, which expressions have to tell.
    """

    started: dict[UUID, list[UUID]]
    woken: int = 0
    to_judge: int = 0


Follow = Callable[[Any, TenantId, list[Received]], Awaitable[Followed]]
"""Starts the runs that new events trigger and tells those that listen, inside the intake's transaction."""

First = Callable[[Any], Awaitable[None]]
"""Called with the connection of the transaction, before anything is stored in it."""

MOST: Final = 200
"""Events in one commit; what waits beyond them takes the next one."""


class Accepted(msgspec.Struct, frozen=True):
    """What became of an event; a duplicate gets the first one's answer, and is `repeated`.

    `mappings`: names of those that make records of it.
    """

    event_id: UUID
    runs: list[UUID]
    repeated: bool = False
    mappings: Sequence[str] = ()


_Waiting = tuple[Received, asyncio.Future[Accepted]]


class Intake:
    """One for the process. `receive` returns after the commit and never before."""

    def __init__(
        self, database: Database, follow: Follow, ring: Callable[[], None], *, judge: Callable[[], None]
    ) -> None:
        """`follow` starts what they trigger; after a commit `ring` tells of runs, `judge` of events to look at."""
        self._database = database
        self._follow = follow
        self._ring = ring
        self._judge = judge
        self._waiting: dict[TenantId, list[_Waiting]] = {}
        self._flushing: dict[TenantId, asyncio.Task[None]] = {}

    async def receive(
        self, tenant: TenantId, event: CloudEvent, actor: str, *, depth: int = 0, beside: Beside | None = None
    ) -> Accepted:
        """Store `event` for `tenant`, start what it triggers and tell who listens for it.

        `depth`: runs and events between it and an event from outside. `beside` is called if the event is new; what it
        raises is raised here, and nothing is stored.

        Raises:
            EventIdReused: the id belongs to another event of the source; recorded, not stored.
        """
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        place = trace.current().context
        received = Received(ids.new(), event, actor, None if place is None else place.encode(), depth, beside)
        self._waiting.setdefault(tenant, []).append((received, future))
        if tenant not in self._flushing:
            # In a context of its own: what it does is for every request that waits, and not for the first.
            self._flushing[tenant] = asyncio.create_task(self._flush(tenant), context=Context())
        return await future

    async def receive_all(self, tenant: TenantId, events: list[Received], first: First) -> None:
        """Store `events` and set going what they trigger, in one transaction with what `first` writes in it.

        Those that are known are left out; one whose id belongs to another event is recorded and not stored. Safe to
        repeat. Raises as `first` does; then nothing was stored.
        """
        await self._store(tenant, events, first)

    async def _flush(self, tenant: TenantId) -> None:
        working_for(tenant)
        try:
            while waiting := self._waiting.pop(tenant, None):
                if len(waiting) > MOST:
                    self._waiting[tenant] = waiting[MOST:]
                await self._commit(tenant, waiting[:MOST])
        finally:
            del self._flushing[tenant]

    async def _commit(self, tenant: TenantId, batch: list[_Waiting]) -> None:
        try:
            answers = await self._store(tenant, [received for received, _ in batch])
        except Exception as error:  # noqa: BLE001 (handed to the caller it belongs to)
            if len(batch) > 1 and not is_outage(error):
                # Nothing was stored; one bad event must not take the others along.
                for single in batch:
                    await self._commit(tenant, [single])
            else:
                for _, future in batch:
                    _settle(future, error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)

    async def _store(
        self, tenant: TenantId, batch: list[Received], first: First | None = None
    ) -> list[Accepted | EventIdReused]:
        async with self._database.tenant(tenant) as connection:
            if first is not None:
                await first(connection)
            known = await store.keep(connection, tenant, batch)
            fresh = [one for one in batch if known[one.key][0] == one.event_id]
            for one in fresh:
                if one.beside is not None:
                    await one.beside(connection, one.event_id)
            followed = await self._follow(connection, tenant, fresh)
            runs = followed.started
            repeated = {known[one.key][0] for one in batch} - set(runs)
            runs |= await store.runs_of(connection, tenant, list(repeated))
            mappings = known.routed | await store.mappings_of(connection, tenant, list(repeated))
            reused = [one for one in batch if known[one.key][1] != one.event.digest]
            await store.record_reuse(connection, tenant, reused)
            crash_points.pass_by("intake.before")
        crash_points.pass_by("intake.committed")
        if started := sum(len(runs[one.event_id]) for one in fresh):
            instruments.RUNS_STARTED.add(started)
        if started or followed.woken:
            self._ring()
        if followed.to_judge or known.routed:
            self._judge()
        return [_answer(one, *known[one.key], runs, mappings) for one in batch]


def _settle(future: asyncio.Future[Accepted], answer: Accepted | Exception) -> None:
    if future.done():  # its caller is gone
        return
    if isinstance(answer, Accepted):
        future.set_result(answer)
    else:
        future.set_exception(answer)


def _answer(
    one: Received, event_id: UUID, digest: bytes, runs: dict[UUID, list[UUID]], mappings: dict[UUID, list[str]]
) -> Accepted | EventIdReused:
    if digest != one.event.digest:
        source, sent = one.key
        return EventIdReused(f"{source!r} has sent id {sent!r} before, with other content; give this event its own id")
    return Accepted(
        event_id, runs.get(event_id, []), repeated=event_id != one.event_id, mappings=mappings.get(event_id, ())
    )
