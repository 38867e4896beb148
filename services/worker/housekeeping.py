"""What a clock and not a run asks for: next months' partitions, old dedupe keys. Safe to repeat."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import dramatiq

from infra.broker import HOUSEKEEPING_QUEUE
from infra.database import Database, is_outage
from infra.settings import Settings

_log: Final = logging.getLogger(__name__)
_MONTHS_AHEAD: Final = 2
_DEDUPE_DAYS: Final = 7
_BATCH: Final = 5_000


async def keep_house(database: Database) -> None:
    """One round over everything."""
    async with database.doors() as connection:
        await connection.fetchval("SELECT app.ensure_partitions($1)", _MONTHS_AHEAD)
        purged = _BATCH
        while purged == _BATCH:
            purged = await connection.fetchval("SELECT app.purge_event_keys($1, $2)", _DEDUPE_DAYS, _BATCH)
            await asyncio.sleep(0)


def declare(broker: dramatiq.Broker, settings: Settings) -> Any:
    """The actor `housekeeping` on `broker`."""

    async def housekeeping() -> None:
        database = await Database(settings.worker_database_url, pool_size=1).open()
        try:
            await keep_house(database)
        except Exception as error:
            if not is_outage(error):
                raise
            _log.warning("housekeeping waits for the database", extra={"error": repr(error)})
        finally:
            await database.close()

    return dramatiq.actor(broker=broker, queue_name=HOUSEKEEPING_QUEUE)(housekeeping)
