"""Which part of a connection's slots is this worker's: they are divided among the workers that live (ADR 0029).

A worker says once a second that it lives, and learns how many do. No call asks anybody.
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from infra.database import Database, surviving

BEAT_SECONDS: Final = 1.0
LIVING_SECONDS: Final = 5.0
"""A worker that has not been seen for so long has no part any more."""


class Shares:
    """One for the process. What is not known yet counts as being alone, as it is at a first start."""

    def __init__(self, database: Database, worker: str) -> None:
        """`worker`: a name that no other living process has."""
        self._database = database
        self._worker = worker
        self._place, self._workers = 0, 1

    def part(self, slots: int, connection: UUID) -> int:
        """Slots of `connection` that are this worker's; those of all workers together are `slots`.

        What does not divide goes to other workers for each connection. May be 0 where workers are many.
        """
        if self._workers == 1:
            return slots
        whole, over = divmod(slots, self._workers)
        return whole + ((self._place + connection.int) % self._workers < over)

    async def beat(self) -> None:
        """Say that this worker lives. Raises as the database does."""
        async with self._database.doors() as connection:
            row = await connection.fetchrow("SELECT * FROM app.beat_worker($1, $2)", self._worker, LIVING_SECONDS)
        self._place, self._workers = row["place"], row["workers"]

    async def run(self) -> None:
        """Until cancelled. While the database is away the last division holds: nothing can be committed then."""
        while True:
            with surviving("saying that this worker lives"):
                await self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def leave(self) -> None:
        """Give the part to the others at once. Raises as the database does."""
        async with self._database.doors() as connection:
            await connection.execute("SELECT * FROM app.beat_worker($1, 0)", self._worker)
