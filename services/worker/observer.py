"""Looks at the queue for the metrics. Every worker looks, and each sees the whole: take the greatest, not the sum."""

from __future__ import annotations

import asyncio
from typing import Final

from infra.database import Database, surviving
from infra.telemetry.instruments import QUEUE_AGE, QUEUE_DEPTH, RUNS

SECONDS: Final = 10.0
MOST: Final = 10_000
"""Where counting stops: a few milliseconds, whatever lies in the tables."""
_STATES: Final = ("pending", "running", "waiting", "suspended")


async def observe(database: Database) -> None:
    """Until cancelled."""
    while True:
        with surviving("observing the queue"):
            await look(database)
        await asyncio.sleep(SECONDS)


async def look(database: Database) -> None:
    async with database.doors() as connection:
        row = await connection.fetchrow("SELECT * FROM app.queue_state($1)", MOST)
    for state in _STATES:
        RUNS.set(min(row[state], MOST), state)
    QUEUE_DEPTH.set(row["ready"])
    QUEUE_AGE.set(max(row["oldest"], 0.0))
