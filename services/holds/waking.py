"""Calls the runs whose orders were held and may have become free; safe in every worker at once (ADR 0104)."""

from __future__ import annotations

import asyncio
from typing import Final

from infra.database import Database, surviving

_MOST: Final = 500


async def look_after(database: Database, poll: float) -> None:
    """Until cancelled, each `poll` seconds, and at once again while there are more."""
    while True:
        looked_at = 0
        with surviving("waking runs of orders that were held"):
            looked_at = await wake(database)
        if looked_at < _MOST:
            await asyncio.sleep(poll)


async def wake(database: Database, most: int = _MOST) -> int:
    """One round; answers how many waits it looked at."""
    async with database.doors() as connection:
        looked_at: int = await connection.fetchval("SELECT app.wake_hold_waits($1)", most)
        return looked_at
