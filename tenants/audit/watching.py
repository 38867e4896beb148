"""Whether what seals and publishes the audit keeps its promise, looked at by processes that do neither.

A sealer that died says nothing. So workers and APIs look at what it leaves: rows without a seal, heads that stay.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any, Final

import msgspec

from infra import clock
from infra.database import Database, surviving
from infra.telemetry import instruments

_log: Final = logging.getLogger(__name__)
SEAL_SECONDS: Final = 60.0
"""In which a row has its seal after its commit (ADR 0056)."""
PUBLISH_SECONDS: Final = 10 * SEAL_SECONDS
"""After which a head that has not gone out is a fault."""
SECONDS: Final = 30.0
_TOLD_SECONDS: Final = 60.0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What waits.

    Attributes:
        unsealed: seconds that the oldest row without a seal waits; 0: none does.
        unpublished: the same of the oldest head that did not go out.
        published_at: when the newest did.
        rolled_back: logs of which an operator is asked first; nothing of them is sealed or published.
    """

    unsealed: float = 0.0
    unpublished: float = 0.0
    published_at: datetime | None = None
    rolled_back: int = 0


class Promise(msgspec.Struct, frozen=True):
    """In seconds; `published` None: heads go nowhere, as the settings have it."""

    sealed: float = SEAL_SECONDS
    published: float | None = PUBLISH_SECONDS

    def is_broken(self, standing: Standing) -> bool:
        late = self.published is not None and standing.unpublished > self.published
        return late or standing.unsealed > self.sealed


def standing_of(row: Any) -> Standing:
    """`row` of `app.audit_state`."""
    return Standing(
        unsealed=max(row["unsealed"] or 0.0, 0.0),
        unpublished=max(row["unpublished"] or 0.0, 0.0),
        published_at=row["published_at"],
        rolled_back=row["rolled_back"],
    )


async def look(database: Database) -> Standing:
    """Of the API's role or a worker's."""
    async with database.doors() as connection:
        found = standing_of(await connection.fetchrow("SELECT * FROM app.audit_state()"))
    instruments.AUDIT_UNSEALED.set(found.unsealed)
    instruments.AUDIT_UNPUBLISHED.set(found.unpublished)
    return found


async def watch(database: Database, *, publishes: bool) -> None:
    """Until cancelled."""
    await keep_watch(database, Promise() if publishes else Promise(published=None))


async def keep_watch(database: Database, promise: Promise, seconds: float = SECONDS) -> None:
    """Tell operators when the promise was broken at two looks running: a row of a long transaction is late at one."""
    was_broken, told_at = False, float("-inf")
    while True:
        with surviving("looking whether the audit is sealed"):
            found = await look(database)
            is_broken = promise.is_broken(found)
            if is_broken and was_broken and clock.monotonic() > told_at + min(_TOLD_SECONDS, seconds):
                told_at = clock.monotonic()
                await _tell(database, promise, found)
            was_broken = is_broken
        await asyncio.sleep(seconds)


async def _tell(database: Database, promise: Promise, found: Standing) -> None:
    _log.critical(
        "the audit is not sealed or published in its time: no worker does it, or a transaction stays open "
        "(docs/operator/audit.md)",
        extra={"unsealed_seconds": round(found.unsealed), "unpublished_seconds": round(found.unpublished)},
    )
    async with database.doors() as connection:
        await connection.fetchval("SELECT app.audit_tell_late($1, $2)", promise.sealed, promise.published)
