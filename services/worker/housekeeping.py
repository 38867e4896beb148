"""What a clock and not a run asks for: coming partitions, old dedupe keys. Safe to repeat and to run twice at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import dramatiq

from infra.broker import HOUSEKEEPING_QUEUE
from infra.database import Database, surviving
from infra.settings import Settings

_log: Final = logging.getLogger(__name__)
_MONTHS_AHEAD: Final = 2
_DEDUPE_DAYS: Final = 7
_INBOX_MINUTES: Final = 60
_ANSWER_HOURS: Final = 24
_BATCH: Final = 5_000


async def keep_house(database: Database) -> None:
    """One round over everything; what fails is logged and leaves the rest its turn."""
    with surviving("making partitions"):
        async with database.doors() as connection:
            await connection.fetchval("SELECT app.ensure_partitions($1)", _MONTHS_AHEAD)
    await _purge(database, "dedupe keys", "SELECT app.purge_event_keys($1, $2)", _DEDUPE_DAYS)
    await _purge(database, "inboxes", "SELECT app.purge_inbox($1, $2)", _INBOX_MINUTES)
    await _purge(database, "kept answers", "SELECT app.purge_kept_answers($1, $2)", _ANSWER_HOURS)


async def _purge(database: Database, what: str, statement: str, age: int) -> None:
    with surviving(f"purging {what}"):
        purged = _BATCH
        while purged == _BATCH:
            async with database.doors() as connection:
                purged = await connection.fetchval(statement, age, _BATCH)


def declare(broker: dramatiq.Broker, settings: Settings) -> Any:
    """The actor `housekeeping` on `broker`."""

    async def housekeeping() -> None:
        database = await Database(settings.worker_database_url, pool_size=1).open()
        try:
            await keep_house(database)
        finally:
            await database.close()

    return dramatiq.actor(broker=broker, queue_name=HOUSEKEEPING_QUEUE)(housekeeping)


def sender(send: Callable[[], object], database: Database) -> Callable[[], Awaitable[None]]:
    """Hands a round to the actor, whichever process takes it; without Redis the round is done here."""

    async def keep() -> None:
        try:
            await asyncio.to_thread(send)
        except Exception as error:  # noqa: BLE001 (Redis is a doorbell; nothing may depend on it)
            _log.info("housekeeping is done here", extra={"error": repr(error)})
            await keep_house(database)

    return keep
