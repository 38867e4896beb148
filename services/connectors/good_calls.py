"""When a connection's side last did what a call asked: noted in memory, written together every half minute."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from infra import clock
from infra.database import Database, surviving
from services.connectors.sdk.context import OpenConnection

SECONDS: Final = 30.0


class GoodCalls:
    """One for the process. What was noted since the last writing is lost with it; the next check tells as much."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[tuple[UUID, UUID, int], float] = {}

    def note(self, tenant: UUID, connection: OpenConnection) -> None:
        """That one of its calls was done just now. By revision: of other settings or secrets it says nothing."""
        self._noted[tenant, connection.id, connection.revision] = clock.monotonic()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write down what was noted, in one statement. A time never goes back, whichever process is late."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        tenants, connections, revisions = zip(*noted, strict=True)
        now = clock.monotonic()
        with surviving("noting which calls of connections were done"):
            async with self._database.doors() as connection:
                await connection.execute(
                    "SELECT app.note_good_calls($1, $2, $3, $4)",
                    list(tenants),
                    list(connections),
                    list(revisions),
                    [now - at for at in noted.values()],
                )
