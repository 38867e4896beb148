"""Hands lifecycle events from the outbox to whoever listens at that moment. They wake; they are not the record.

A message leaves the outbox when Redis took it, heard or not. Order holds within one relay only.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from infra.database import Database, surviving
from infra.redis import TOLD, Doorbell

_BATCH: Final = 200
_TAKEN_SECONDS: Final = 10.0


class Relay:
    """`nudge` after a commit that wrote messages; a poll behind it finds what a dead worker left."""

    def __init__(self, database: Database, bell: Doorbell, poll: float) -> None:
        self._database = database
        self._bell = bell
        self._poll = poll
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        self._nudged.set()

    async def run(self) -> None:
        """Relay until cancelled. Redis away: rows stay and are offered again when their taking lapses."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await self._nudged.wait()
            self._nudged.clear()
            with surviving("relaying"):
                while await self._round() == _BATCH:
                    pass

    async def _round(self) -> int:
        async with self._database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.take_outbox($1, $2)", _BATCH, _TAKEN_SECONDS)
        told = [
            row for row in sorted(rows, key=lambda r: r["outbox_id"]) if await self._tell(row["topic"], row["body"])
        ]
        if told:
            async with self._database.doors() as connection:
                await connection.execute(
                    "SELECT app.settle_outbox($1, $2)", [r["tenant_id"] for r in told], [r["outbox_id"] for r in told]
                )
        return len(rows) if len(told) == len(rows) else 0

    async def _tell(self, topic: str, body: str) -> bool:
        return await self._bell.publish(f"{TOLD}:{topic}", body.encode())
