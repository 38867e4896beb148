"""Stores each event once per (tenant, source, id) and hands it on, in one commit a batch.

Requests of one tenant that arrive during a commit share the next one; a single request commits at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from infra import crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from services.events import store
from services.events.cloud_event import CloudEvent
from services.events.errors import EventIdReused

Follow = Callable[[Any, TenantId, list[tuple[UUID, CloudEvent]]], Awaitable[dict[UUID, list[UUID]]]]
"""Starts the runs that new events trigger, inside the intake's transaction; answers run ids by event id."""


class Accepted(msgspec.Struct, frozen=True):
    """What became of an event; a duplicate gets the first one's answer."""

    event_id: UUID
    runs: list[UUID]


class Intake:
    """One for the process. `receive` returns after the commit and never before."""

    def __init__(self, database: Database, follow: Follow, ring: Callable[[], None]) -> None:
        """`follow` starts what the events trigger; `ring` tells the workers after a commit."""
        self._database = database
        self._follow = follow
        self._ring = ring
        self._waiting: dict[TenantId, list[tuple[CloudEvent, str, asyncio.Future[Accepted]]]] = {}
        self._flushing: dict[TenantId, asyncio.Task[None]] = {}

    async def receive(self, tenant: TenantId, event: CloudEvent, actor: str) -> Accepted:
        """Store `event` for `tenant` and start what it triggers.

        Raises:
            EventIdReused: the id belongs to another event of the source; recorded, not stored.
        """
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, []).append((event, actor, future))
        if tenant not in self._flushing:
            self._flushing[tenant] = asyncio.create_task(self._flush(tenant))
        return await future

    async def _flush(self, tenant: TenantId) -> None:
        try:
            while batch := self._waiting.pop(tenant, None):
                await self._commit(tenant, batch)
        finally:
            del self._flushing[tenant]

    async def _commit(self, tenant: TenantId, batch: list[tuple[CloudEvent, str, asyncio.Future[Accepted]]]) -> None:
        try:
            answers = await self._store(tenant, [(event, actor) for event, actor, _ in batch])
        except Exception as error:  # noqa: BLE001 (handed to each caller)
            # One caller's failure is every caller's of this commit: nothing of it was stored.
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Accepted):
                future.set_result(answer)
            else:
                future.set_exception(answer)

    async def _store(self, tenant: TenantId, batch: list[tuple[CloudEvent, str]]) -> list[Accepted | EventIdReused]:
        candidates = [(ids.new(), event) for event, _ in batch]
        async with self._database.tenant(tenant) as connection:
            known = await store.keep(connection, tenant, candidates)
            fresh = [
                (event_id, event) for event_id, event in candidates if known[event.source, event.id][0] == event_id
            ]
            runs = await self._follow(connection, tenant, fresh)
            repeated = {known[event.source, event.id][0] for _, event in candidates} - set(runs)
            runs |= await store.runs_of(connection, tenant, list(repeated))
            reused = [(event, actor) for event, actor in batch if known[event.source, event.id][1] != event.digest]
            await store.record_reuse(connection, tenant, reused)
            crash_points.pass_by("intake.before")
        crash_points.pass_by("intake.committed")
        if fresh:
            self._ring()
        return [_answer(event, *known[event.source, event.id], runs) for event, _ in batch]


def _answer(event: CloudEvent, event_id: UUID, digest: bytes, runs: dict[UUID, list[UUID]]) -> Accepted | EventIdReused:
    if digest != event.digest:
        return EventIdReused(
            f"{event.source!r} has sent id {event.id!r} before, with other content; give the new event its own id"
        )
    return Accepted(event_id, runs.get(event_id, []))
