"""What a clock and not a run asks for: coming partitions, what is too old. Safe to repeat and to run twice at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import dramatiq

from infra.broker import HOUSEKEEPING_QUEUE
from infra.database import Database, surviving
from infra.objects.choosing import store_of
from infra.objects.store import Store
from infra.settings import Settings
from services.archives import archiver, erasing
from services.archives.archiver import Archiving
from services.worker import cleaning, documents
from services.worker.cleaning import Ages

_log: Final = logging.getLogger(__name__)
_MONTHS_AHEAD: Final = 2
_AGES: Final = Ages()
_PAUSE: Final = 1.0
"""Seconds between two tables that are dropped: while one is, nobody writes to its neighbours."""


async def keep_house(
    database: Database, ages: Ages = _AGES, archiving: Archiving | None = None, store: Store | None = None
) -> None:
    """One round over everything; what fails is logged and leaves the rest its turn. Without `archiving` runs stay.

    `store` has the files of documents.
    """
    with surviving("making partitions"):
        async with database.doors() as connection:
            await connection.fetchval("SELECT app.ensure_partitions($1)", _MONTHS_AHEAD)
    await cleaning.clean(database, ages)
    if archiving is not None:
        with surviving("archiving runs"):
            await archiver.archive_due(database, archiving.folder, archiving.rules)
        with surviving("purging cases of evidence"):
            await cleaning.clean_evidence(database, archiving.rules)
    if store is not None:
        with surviving("removing documents"):
            await documents.drop(database, store)
    with surviving("erasing deleted clients"):
        await erasing.erase(database, None if archiving is None else archiving.folder, ages.backup_days, store)
    with surviving("dropping months"):
        await drop_months(database)


async def drop_months(database: Database, pause: float = _PAUSE) -> list[str]:
    """Past months that are empty, a table a commit; answers which. Who had to wait for one goes on in the pause."""
    dropped: list[str] = []
    async with database.doors() as connection:
        while name := await connection.fetchval("SELECT app.drop_month()"):
            dropped.append(name)
            await asyncio.sleep(pause)
    return dropped


class Rounds:
    """Those that this process does, which end with it: no statement ends soon while the database does not answer."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    async def do(self, work: Coroutine[Any, Any, None]) -> None:
        """The round, or as much of it as there was time for: the next one finds the rest."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    def end(self) -> None:
        for task in self._under_way:
            task.cancel()


def declare(broker: dramatiq.Broker, settings: Settings, rounds: Rounds) -> Any:
    """The actor `housekeeping` on `broker`."""

    async def keep() -> None:
        database, store = await Database(settings.worker_database_url, pool_size=1).open(), store_of(settings)
        try:
            await keep_house(database, cleaning.ages(settings), Archiving.of(settings), store)
        finally:
            await store.close()
            await database.close()

    async def housekeeping() -> None:
        await rounds.do(keep())

    return dramatiq.actor(broker=broker, queue_name=HOUSEKEEPING_QUEUE)(housekeeping)


def sender(
    send: Callable[[], object],
    database: Database,
    ages: Ages = _AGES,
    archiving: Archiving | None = None,
    open_store: Callable[[], Store] | None = None,
) -> Callable[[], Awaitable[None]]:
    """Hands a round to the actor, whichever process takes it; without Redis the round is done here."""

    async def keep() -> None:
        try:
            await asyncio.to_thread(send)
        except Exception as error:  # noqa: BLE001 (Redis is a doorbell; nothing may depend on it)
            _log.info("housekeeping is done here", extra={"error": repr(error)})
            store = None if open_store is None else open_store()
            try:
                await keep_house(database, ages, archiving, store)
            finally:
                if store is not None:
                    await store.close()

    return keep
