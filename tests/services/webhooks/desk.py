"""A tenant whose events are announced and sent, as a test works with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database, Scope
from infra.egress import Client
from infra.encryption.secret import Secret
from infra.ids import TenantId
from services.webhooks import endpoints
from services.webhooks.endpoints import Wish
from services.worker.webhooks import Deliverer
from tenants.connections.sealing import Sealer

ENDED = "io.serverlessworkflow.workflow.completed.v1"


class Desk(msgspec.Struct, frozen=True):
    app: Database
    worker: Database
    tenant: TenantId
    sealer: Sealer
    client: Client

    def deliverer(self) -> Deliverer:
        return Deliverer(self.worker, self.client, self.sealer, poll=0.05)

    async def add(self, url: str, *types: str) -> tuple[UUID, Secret]:
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            wish = Wish(url=url, types=types or ("*",), description="")
            (row, _), secret = await endpoints.create(session, self.tenant, wish, sealer=self.sealer, actor="test")
            await session.commit()
        return row.endpoint_id, secret

    async def announce(self, kind: str = ENDED, count: int = 1, **more: Any) -> list[UUID]:
        """Put lifecycle events into the outbox, as a checkpoint does; answers their ids."""
        made = [ids.new() for _ in range(count)]
        async with self.worker.tenant(self.tenant) as connection:
            for number, one in enumerate(made):
                run = ids.show("run", one)
                event = {
                    "specversion": "1.0", "id": f"{run}-{number + 7}", "source": "urn:tenant:x", "type": kind,
                    "subject": run, "time": "2026-01-31T09:30:00Z", "datacontenttype": "application/json",
                    "data": {"name": "order"}, **more,
                }  # fmt: skip
                await connection.execute(
                    "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, 'runs', $3)",
                    self.tenant,
                    one,
                    msgspec.json.encode(event).decode(),
                )
        return made

    async def deliver(self) -> int:
        """Send what is due, and wait for what comes of it; answers how many tries that was."""
        deliverer = self.deliverer()
        begun = 0
        while count := await deliverer.round():
            begun += count
            await deliverer.idle()
        return begun

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        async with self.app.tenant(self.tenant) as connection:
            return list(await connection.fetch(query, *arguments))

    async def states(self) -> list[tuple[str, int]]:
        """State and tries of each delivery, in the order of their messages."""
        rows = await self.rows("SELECT state, tries FROM app.webhook_delivery ORDER BY message_id, endpoint_id")
        return [tuple(row) for row in rows]

    async def make_due(self) -> None:
        """As if the time until the next try had passed."""
        async with self.app.tenant(self.tenant) as connection:
            await connection.execute("UPDATE app.webhook_delivery SET due_at = clock_timestamp() - interval '1 s'")

    async def fail_since(self, moment: datetime) -> None:
        async with self.worker.tenant(self.tenant) as connection:
            await connection.execute("UPDATE app.webhook_endpoint SET failing_since = $1", moment)

    async def enable(self, endpoint: UUID, status: endpoints.Status = "active") -> None:
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            await endpoints.set_status(session, self.tenant, endpoint, status, actor="test")
            await session.commit()
