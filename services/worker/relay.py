"""Hands on what commits left in the outbox: lifecycle events to whoever listens at that moment, the rest to its outlet.

Lifecycle events wake and are not the record: a message leaves the outbox when Redis took it, heard or not. What an
outlet takes leaves it when that is committed. Order holds within one relay only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from infra.database import Database, surviving
from infra.redis import TOLD, Doorbell
from services.worker.nudge import Nudge

_BATCH: Final = 200
_TAKEN_SECONDS: Final = 10.0

Outlet = Callable[[UUID, UUID, str], Awaitable[None]]
"""Takes the tenant, the message's id and its body, and returns when that is durable. It may get a message twice."""


class Relay:
    """`nudge` after a commit that wrote messages; a poll behind it finds what a dead worker left."""

    def __init__(
        self, database: Database, bell: Doorbell, poll: float, outlets: Mapping[str, Outlet] | None = None
    ) -> None:
        """`outlets` by topic; what has none is told to whoever listens."""
        self._database = database
        self._bell = bell
        self._outlets = outlets or {}
        self.nudge = Nudge(poll)
        self._is_deaf = False

    async def run(self) -> None:
        """Relay until cancelled. Redis away: rows stay and are offered again when their taking lapses."""
        while True:
            await self.nudge.wait()
            with surviving("relaying"):
                while await self._round() == _BATCH:
                    pass
                # Without Redis what is only told stays, and stands before the rest.
                while self._is_deaf and await self._round(list(self._outlets)) == _BATCH:
                    pass

    async def _round(self, topics: list[str] | None = None) -> int:
        """`topics`: no others. Answers how many there were, 0 when some of them stay."""
        async with self._database.doors() as connection:
            found = await connection.fetch("SELECT * FROM app.take_outbox($1, $2, $3)", _BATCH, _TAKEN_SECONDS, topics)
        rows = sorted(found, key=lambda row: row["outbox_id"])
        beside = [row for row in rows if row["topic"] in self._outlets]
        # At once, so that events of one tenant share a commit; in their order, since each begins before the next one.
        taken = await asyncio.gather(*[self._hand_on(row) for row in beside])
        done = [row for row, is_taken in zip(beside, taken, strict=True) if is_taken]
        told = [row for row in rows if row["topic"] not in self._outlets]
        heard = [row for row in told if await self._tell(row["topic"], row["body"])]
        done += heard
        if topics is None:
            self._is_deaf = len(heard) < len(told)
        if done:
            async with self._database.doors() as connection:
                await connection.execute(
                    "SELECT app.settle_outbox($1, $2)", [r["tenant_id"] for r in done], [r["outbox_id"] for r in done]
                )
        return len(rows) if len(done) == len(rows) else 0

    async def _hand_on(self, row: Any) -> bool:
        """Whether it was taken; what was not is offered again, and keeps no other message."""
        with surviving("handing a message on"):
            await self._outlets[row["topic"]](row["tenant_id"], row["outbox_id"], row["body"])
            return True
        return False

    async def _tell(self, topic: str, body: str) -> bool:
        return await self._bell.publish(f"{TOLD}:{topic}", body.encode())
