"""Events on their way to runs that listen: posted to their inboxes, read from there (ADR 0025)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from services.engine import subscriptions, values

MOST: Final = 100
"""Events that one look takes; a run with more of them is in line again after its commit."""
_CLOCKS_APART: Final = timedelta(seconds=30)
"""Ids are of the clock of whoever took the event; its time of receipt is the database's."""


class Arrived(msgspec.Struct, frozen=True):
    """An event as it is posted: its attributes are all but its data."""

    event_id: UUID
    type: str
    attributes: dict[str, Any]


class Letter(msgspec.Struct, frozen=True):
    """An event as it is read.

    Attributes:
        event: in the JSON format; None when it is not kept any more.
        depth: runs and events between it and an event from outside.
        received_at: Unix milliseconds.
    """

    event_id: UUID
    event: dict[str, Any] | None
    depth: int
    received_at: int


async def post(connection: Any, events: Iterable[Arrived], run: UUID | None = None) -> int:
    """Hand `events` to every run that listens for them, or to `run` alone; answers how many were woken.

    Inside a transaction of the tenant that stores the events, or later. A run gets each event once.
    """
    came = list(events)
    if not came:
        return 0
    woken: int = await connection.fetchval(
        "SELECT app.post_events($1, $2, $3, $4)",
        [one.event_id for one in came],
        [one.type for one in came],
        [msgspec.json.encode(subscriptions.texts(one.attributes)).decode() for one in came],
        run,
    )
    return woken


async def catch_up(database: Database, tenant: UUID, run: UUID, since: datetime) -> int:
    """Post what came from `since` on, while the run's subscriptions were on their way; answers 1 if that woke the run.

    To be done after their commit: an event that was stored after it has found them by itself.
    """
    async with database.tenant(tenant) as connection:
        rows = await connection.fetch(
            "SELECT e.event_id, e.type, e.content::text AS content FROM app.event e "
            "WHERE e.tenant_id = $1 AND e.event_id >= $3 AND e.received_at >= $4 AND EXISTS ("
            "SELECT 1 FROM app.subscription s WHERE s.tenant_id = $1 AND s.run_id = $2 "
            "AND (s.type = e.type OR s.type IS NULL)) AND NOT EXISTS ("
            # A signal is for the runs of its key.
            "SELECT 1 FROM app.signal g WHERE g.tenant_id = $1 AND g.event_id = e.event_id AND NOT EXISTS ("
            "SELECT 1 FROM app.run_key k WHERE k.tenant_id = $1 AND k.run_id = $2 AND k.name = g.name "
            "AND k.value = g.value))",
            tenant,
            run,
            ids.least_of(since - _CLOCKS_APART),
            since,
        )
        return await post(connection, [_arrived(row) for row in rows], run)


async def read(database: Database, tenant: UUID, run: UUID, known: list[UUID]) -> list[Letter]:
    """The run's next unread events but those of `known`, in the order in which they were taken; `MOST` at once."""
    async with database.tenant(tenant) as connection:
        rows = await connection.fetch(
            "SELECT b.event_id, e.content::text AS content, e.depth, "
            "(extract(epoch FROM coalesce(e.received_at, b.posted_at)) * 1000)::bigint AS received_at "
            "FROM app.inbox b LEFT JOIN app.event e USING (tenant_id, event_id) "
            "WHERE b.tenant_id = $1 AND b.run_id = $2 AND NOT b.is_read AND b.event_id <> ALL ($3) "
            "ORDER BY b.event_id LIMIT $4",
            tenant,
            run,
            known,
            MOST,
        )
    return [_letter(row) for row in rows]


def _arrived(row: Any) -> Arrived:
    attributes = values.decode(row["content"], depth=2 * values.DEPTH)
    attributes.pop("data", None)
    return Arrived(row["event_id"], row["type"], attributes)


def _letter(row: Any) -> Letter:
    content = row["content"]
    event = None if content is None else values.decode(content, depth=2 * values.DEPTH)
    return Letter(row["event_id"], event, row["depth"] or 0, row["received_at"])
