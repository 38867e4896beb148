"""Who used which secret, how often and when last: noted in memory with each use, written together every half minute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, surviving
from infra.telemetry import subject

SECONDS: Final = 30.0
UsedBy = Literal["run", "check", "rotation"]
"""`run`: a call of a run, or what keeps one going; `check`: an operator's search for secrets that stand in the open;
`rotation`: an operator sealed it anew."""


class _Use(msgspec.Struct):
    uses: int
    at: datetime
    run: UUID | None


class SecretUses:
    """One for the process. What was noted since the last writing is lost with it, and never counted twice.

    Args:
        by: what this process uses secrets for.
    """

    def __init__(self, database: Database, by: UsedBy = "run") -> None:
        self._database = database
        self._by: UsedBy = by
        self._noted: dict[tuple[UUID, UUID, str], _Use] = {}

    def note(self, tenant_id: UUID, connection_id: UUID, fields: Iterable[str]) -> None:
        """That the secrets of these fields were given out, for the run that is worked for now."""
        now, run = clock.now(), subject().run
        for field in fields:
            known = self._noted.get((tenant_id, connection_id, field))
            if known is None:
                self._noted[tenant_id, connection_id, field] = _Use(1, now, run)
            else:
                known.uses, known.at, known.run = known.uses + 1, now, run

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
        tenants, connections, fields = zip(*noted, strict=True)
        uses = noted.values()
        with surviving("noting which secrets were used"):
            async with self._database.doors() as connection:
                await connection.execute(
                    "SELECT app.note_secret_uses($1, $2, $3, $4, $5, $6, $7)",
                    self._by,
                    list(tenants),
                    list(connections),
                    list(fields),
                    [one.uses for one in uses],
                    [one.at for one in uses],
                    [one.run for one in uses],
                )
