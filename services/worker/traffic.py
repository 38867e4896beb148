"""Counts who uses which interface, behind what came and ran, and tells owners of what is found (ADR 0052).

Nothing is written for it on the way.
"""

from __future__ import annotations

import asyncio
from typing import Final

from infra.database import Database, surviving

SECONDS: Final = 60.0
MOST: Final = 5_000
"""Events and runs of a tenant in one turn; where there were as many, the next round follows at once."""
LATE_SECONDS: Final = 30.0
_SOON: Final = 1.0
_AT_ONCE: Final = 100
TOLD: Final = 100
"""Findings of a tenant that are told in one turn."""


async def look_after(database: Database) -> None:
    """Until cancelled."""
    pause = SECONDS
    while True:
        await asyncio.sleep(pause)
        pause = SECONDS
        with surviving("counting the traffic of interfaces"):
            if await count(database) >= MOST:
                pause = _SOON


async def count(database: Database, late: float = LATE_SECONDS) -> int:
    """A turn for each tenant; answers how many events and runs.

    Each is counted in a transaction of its own, and has had its turn when that fails, so that no tenant's traffic keeps
    another's from being counted. Safe to run in several workers at once.
    """
    counted = 0
    async with database.doors() as connection:
        began = await connection.fetchval("SELECT clock_timestamp()")
    while True:
        async with database.doors() as connection:
            due = await connection.fetch("SELECT app.due_traffic($1, $2) AS tenant_id", _AT_ONCE, began)
        if not due:
            return counted
        for row in due:
            with surviving("counting the traffic of a tenant"):
                async with database.doors() as connection:
                    one = "SELECT app.count_traffic($1, $2, $3)"
                    counted += await connection.fetchval(one, row["tenant_id"], MOST, late)
                async with database.doors() as connection:
                    await connection.execute("SELECT app.tell_findings($1, $2)", row["tenant_id"], TOLD)
