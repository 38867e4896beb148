"""Looks after the load of tenants: counts for quotas and fleets, deals the places of peaks (ADR 0033, ADR 0041).

Apart from the sweep, which comes a hundred times a second when timers are due.
"""

from __future__ import annotations

import asyncio
from typing import Final

from infra import clock
from infra.database import Database, surviving

SECONDS: Final = 1.0
COUNTING_SECONDS: Final = 2.0
"""Between two counts of a tenant's open runs."""
FLEET_SECONDS: Final = 30.0
FLEET_MOST: Final = 50
"""Environments that are counted for partners in one round, and how old their numbers are then."""
DEALT: Final = 5_000
"""Runs at the head of a line whose places a peak deals anew."""


async def look_after(database: Database) -> None:
    """Until cancelled."""
    while True:
        with surviving("counting for quotas"):
            await count(database)
        with surviving("dealing the places of peaks"):
            await deal(database)
        with surviving("counting fleets"):
            await count_fleet(database)
        await asyncio.sleep(SECONDS)


async def count(database: Database) -> None:
    """One round. Safe to run in every worker at once, as the other is."""
    async with database.doors() as connection:
        await connection.execute("SELECT app.count_loads($1)", COUNTING_SECONDS)


async def count_fleet(database: Database) -> None:
    """What partners see of their clients' environments at a glance."""
    async with database.doors() as connection:
        await connection.execute("SELECT app.count_fleet($1, $2)", FLEET_SECONDS, FLEET_MOST)


async def deal(database: Database) -> None:
    """Each peak that is due, in a transaction of its own: claims wait for none longer than for one."""
    until = clock.monotonic() + SECONDS
    async with database.doors() as connection:
        while await connection.fetchval("SELECT app.deal_peak($1)", DEALT) is not None:
            if clock.monotonic() > until:
                break  # counts have their turn
