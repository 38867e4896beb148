"""A shop with orders that change, a connector that watches it, and a poller between it and a real database."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from infra import ids
from infra.database import Database
from infra.egress import Client
from services.connectors.polling.poller import Poller
from services.connectors.registry import Registry
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.context import OpenConnection
from services.connectors.simulators.http import Answered, Asked
from services.engine.quotas import Quotas
from services.events.intake import Intake
from tests.services.connectors.declared.other import Other, declared, manifest, operation, query_of, said
from tests.world import World, deploy

DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: keep, version: 1.0.0}
do: [{keep: {set: {number: "${ .[0].data.number }"}}}]
"""
ORDER = {"type": "object", "properties": {"id": {"type": "string"}}}
TRIGGER: dict[str, Any] = {
    "kind": "poll",
    "title": "Orders that changed",
    "operation": "shop.orders.changed",
    "input": {"since": "${ $cursor }"},
    "items": "${ .orders }",
    "cursor": "${ .next }",
    "event": {
        "type": "order.captured",
        "id": "${ .id }",
        "version": "${ .changed }",
        "subject": "${ .id }",
        "data": {"number": "${ .id }", "channel": "${ .channel }"},
    },
}
READS = operation(
    input={"type": "object", "properties": {"since": {"type": ["string", "number"]}}},
    output={"type": "object", "required": ["orders"], "properties": {"orders": {"type": "array", "items": ORDER}}},
    request={"path": "orders", "query": {"since": "${ .since }"}},
)
SHOP = manifest(operations={"shop.orders.changed": READS}, triggers={"orders": TRIGGER})


class Shop(Other):
    """Answers with the orders that changed at `since` or later, as systems do that include their cursor."""

    def __init__(self) -> None:
        super().__init__(self._orders)
        self.orders: list[dict[str, Any]] = []
        self.answer: Answered | None = None
        """In place of the orders."""
        self.most = 1000
        """Orders of one answer, which then says that there are more."""

    def sell(self, number: str, changed: int, channel: Any = "web") -> None:
        self.orders.append({"id": number, "changed": changed, "channel": channel})

    def _orders(self, asked: Asked) -> Answered:
        if self.answer is not None:
            return self.answer
        since = int(query_of(asked).get("since", ["0"])[0])
        found = [one for one in self.orders if one["changed"] >= since]
        more = {"more": True} if len(found) > self.most else {}
        found = found[: self.most]
        return said({"orders": found, "next": found[-1]["changed"] if found else None, **more})


class Watched:
    """A tenant's connection to the shop that is watched, and pollers as several processes have them."""

    def __init__(self, client: Client, shop: Shop, app: Database, worker: Database, world: World) -> None:
        self.shop, self.app, self.worker, self.world = shop, app, worker, world
        self.connection = self.connected()
        self._client = client
        self.quotas = Quotas(worker)
        self.poller = self.another()

    def connected(self) -> OpenConnection:
        return OpenConnection(
            id=ids.new(),
            connector="sample",
            settings={
                "base_url": f"{self.shop.url}/api",
                "allow_http": True,
                "timeout_seconds": 2,
                "watch": ["orders"],
            },
            secrets={},
            ref="con_0",
            name="shop",
        )

    def connector(self) -> Connector:
        return declared({**SHOP, "authentication": {"kind": "none"}, "secrets": {}})

    def another(self) -> Poller:
        intake = Intake(self.worker, self.quotas.follow, lambda: None, judge=lambda: None)
        return Poller(
            Registry([self.connector()]),
            self,
            self._client,
            database=self.worker,
            intake=intake,
            quotas=self.quotas,
        )

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        assert (tenant, connection_id) == (self.world.tenant_id, self.connection.id)
        return self.connection

    async def begin(self, event: str = "order.captured", document: str = DOCUMENT) -> None:
        """Connect, and deploy what an event begins."""
        await deploy(self.app, self.world.tenant_id, document, event_type=event)
        await self.do(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, $3, $4, $5)",
            self.connection.id,
            "shop",
            self.connection.connector,
            json.dumps(self.connection.settings),
        )

    async def round(self, poller: Poller | None = None, *, now: bool = True) -> int:
        """Ask what is due, as if its time had come; answers how many were asked."""
        if now:
            await self.come_due()
        poller = poller or self.poller
        taken = await poller.begin()
        await poller.settled()
        return taken

    async def come_due(self) -> None:
        await self.do("UPDATE app.poll SET due_at = clock_timestamp() WHERE tenant_id = $1 AND due_at IS NOT NULL")

    async def do(self, statement: str, *values: object) -> list[Any]:
        """In the tenant's scope, whose id is the first value, as the API's role."""
        async with self.app.tenant(self.world.tenant_id) as connection:
            return list(await connection.fetch(statement, self.world.tenant_id, *values))

    async def row(self) -> Any:
        return (await self.do("SELECT *, cursor::text AS at FROM app.poll WHERE tenant_id = $1"))[0]

    async def events(self) -> list[str]:
        rows = await self.do("SELECT id FROM app.event WHERE tenant_id = $1 ORDER BY event_id")
        return [row["id"] for row in rows]

    async def runs(self) -> list[str]:
        """Business keys, in their order."""
        rows = await self.do("SELECT business_key FROM app.run WHERE tenant_id = $1 ORDER BY run_id")
        return [row["business_key"] for row in rows]
