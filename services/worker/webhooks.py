"""Sends webhook messages that are due (ADR 0059). Any number of workers may; each message is one's at a time.

A dead or slow endpoint is in nobody's way: two tries of an endpoint are under way at once, sixteen of a tenant, and
those that fail or are slow share a part of the places. Who dies between sending and recording leaves a message that is
sent again under its id.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from infra import crash_points
from infra.database import Database, Scope, surviving
from infra.egress import Client
from infra.encryption.errors import SecretUnreadable
from infra.under_way import UnderWay
from services.webhooks import endpoints, sending, settling
from services.webhooks.sending import Outcome
from services.webhooks.settling import Due
from services.worker.nudge import Nudge
from tenants.audit import alarms
from tenants.connections.sealing import Sealer

_log: Final = logging.getLogger(__name__)
PLACES: Final = 256
HINDERED: Final = 64
"""Places that endpoints may have which fail or are slow."""
PER_ENDPOINT: Final = 2
PER_TENANT: Final = 16
LEASE_SECONDS: Final = 45.0
"""For 15 s of sending and what the database takes on both sides."""
_PAUSE: Final = 0.05
"""Seconds between two rounds: places that become free one by one are given out together."""
_AT_DATABASE: Final = 3
"""Transactions at once: runs have the same connections."""


class Deliverer:
    """One a process. `nudge` after a commit that may have announced something; a poll behind it finds the rest."""

    def __init__(self, database: Database, client: Client, sealer: Sealer, poll: float) -> None:
        self._database = database
        self._client = client
        self._sealer = sealer
        self.nudge = Nudge(poll)
        self._under_way: UnderWay[bool] = UnderWay(self.nudge)
        """Whether each is of an endpoint that fails or is slow."""
        self._gate = asyncio.Semaphore(_AT_DATABASE)

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again by another."""
        try:
            while True:
                await self.nudge.wait()
                with surviving("delivering webhooks"):
                    await self._rounds()
        finally:
            await self._under_way.end()

    async def _rounds(self) -> None:
        """Until nothing more is due, or there is no room."""
        while await self.round():  # noqa: ASYNC110 (places become free meanwhile)
            await asyncio.sleep(_PAUSE)

    async def round(self) -> int:
        """Begin what is due and has room; answers how much that was."""
        hindered = sum(self._under_way.about)
        places = PLACES - len(self._under_way)
        if places <= 0:
            return 0
        async with self._gate, self._database.doors() as connection:
            rows = await connection.fetch(
                "SELECT * FROM app.take_webhooks($1, $2, $3, $4, $5)",
                places,
                max(0, HINDERED - hindered),
                PER_ENDPOINT,
                PER_TENANT,
                LEASE_SECONDS,
            )
        for row in rows:
            due = Due(
                tenant_id=row["tenant_id"],
                endpoint_id=row["endpoint_id"],
                message_id=row["message_id"],
                taken_until=row["taken_until"],
            )
            self._under_way.begin(self._deliver(due), row["is_hindered"])
        return len(rows)

    async def idle(self) -> None:
        """Wait for what is under way."""
        await self._under_way.settled()

    async def _deliver(self, due: Due) -> None:
        with surviving("delivering a webhook message"):
            async with self._gate, self._database.tenant(due.tenant_id) as connection:
                rows = await settling.read(connection, due)
            if not rows:
                return
            outcome = await self._tried(due, rows)
            crash_points.pass_by("webhook.sent")
            async with self._gate, self._database.tenant(due.tenant_id) as connection:
                await settling.settle(connection, due, outcome)

    async def _tried(self, due: Due, rows: list[Any]) -> Outcome:
        """Raises KeyServiceUnavailable: nothing was tried, and it is handed out again when its lease ends."""
        try:
            posting = await settling.opened(self._sealer, due, rows)
        except SecretUnreadable as error:
            await alarms.unreadable(
                self._database, Scope.tenant(due.tenant_id), endpoints.shown(due.endpoint_id), error
            )
            return Outcome(seconds=0.0, error="its secret cannot be read, so that nothing was sent")
        return await sending.send(self._client, posting)
