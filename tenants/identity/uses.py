"""When keys were last used: noted in memory with each call, written down together every half minute."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

from infra import clock
from infra.database import Database, surviving

SECONDS: Final = 30.0


class Uses:
    """One for the process. What was noted since the last writing is lost with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[UUID, datetime] = {}

    def note(self, key_id: UUID) -> None:
        self._noted[key_id] = clock.now()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write down what was noted. A key's time never goes back, whichever process is late."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        with surviving("noting when keys were used"):
            async with self._database.doors() as connection:
                await connection.execute("SELECT app.note_key_uses($1, $2)", list(noted), list(noted.values()))
