"""A system, a connection to it that is stored, and checkers as several processes have them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.breakers import SharedBreakers
from services.connectors.declared import library
from services.connectors.declared.connector import Declared
from services.connectors.health import checks
from services.connectors.health.checker import Checker
from services.connectors.health.checks import Health
from services.connectors.limits import SharedLimits
from services.connectors.registry import Registry
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.context import OpenConnection
from services.connectors.shares import Shares
from services.engine.expressions.evaluator import NOWHERE
from services.engine.expressions.protocol import Evaluator
from tests.services.connectors.declared.other import SECRET, Other, declared, manifest, operation
from tests.world import World

PAYLOAD = "Jane Doe owes 4711"
OUTPUT = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
READS = operation(output=OUTPUT, answer={"total": "${ .total }"}, scopes=["things.read"])
SYSTEM = manifest(operations={"thing.read": READS}, health={"operation": "thing.read"})


class Clinic:
    """`connection` is what its checkers open; its row in the database is what they are given to check."""

    def __init__(self, client: Client, other: Other, app: Database, worker: Database, world: World) -> None:
        self.other, self.app, self.worker, self.world = other, app, worker, world
        settings = {"base_url": f"{other.url}/api", "allow_http": True, "timeout_seconds": 2}
        secrets = {"token": Secret(SECRET)}
        self.connection = OpenConnection(
            id=ids.new(), connector="sample", settings=settings, secrets=secrets, ref="con_0", name="shop"
        )
        self._client = client
        self.checker = self.another()

    def another(self, document: Any = SYSTEM, evaluator: Evaluator = NOWHERE) -> Checker:
        return self._checker(declared(document, evaluator))

    def _checker(self, connector: Connector) -> Checker:
        return Checker(
            Registry([connector]),
            self,
            self._client,
            SharedBreakers(self.worker),
            SharedLimits(self.worker, Shares(self.worker, "one"), lambda: None),
            database=self.worker,
            seconds=900.0,
        )

    def shipped(self, name: str, evaluator: Evaluator, secret: str, **settings: Any) -> Checker:
        """One of the connector that ships by that name, which the connection is of from now on."""
        document = next(one for one in library.documents() if one.name == name)
        self.change(**settings)
        self.connection = msgspec.structs.replace(self.connection, connector=name, secrets={secret: Secret(SECRET)})
        return self._checker(Declared(document, evaluator))

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        assert (tenant, connection_id) == (self.world.tenant_id, self.connection.id)
        return self.connection

    def change(self, **settings: Any) -> None:
        """Of what checkers open, and not of the row."""
        merged = {**self.connection.settings, **settings}
        revision = self.connection.revision + 1
        self.connection = msgspec.structs.replace(self.connection, settings=merged, revision=revision)

    async def begin(self) -> None:
        await self.do(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'shop', 'sample', $3)",
            self.connection.id,
            json.dumps(self.connection.settings),
        )

    async def round(self, checker: Checker | None = None, *, now: bool = True) -> Health:
        """Check what is due, as if its time had come."""
        if now:
            await self.come_due()
        checker = checker or self.checker
        await checker.begin()
        await checker.settled()
        return await self.health()

    async def come_due(self) -> None:
        await self.do("UPDATE app.connection_health SET due_at = clock_timestamp() WHERE tenant_id = $1")

    async def health(self) -> Health:
        async with self.app.tenant(self.world.tenant_id) as transaction:
            return await checks.read(transaction, self.world.tenant_id, self.connection.id)

    async def seconds(self) -> float:
        """Until it is checked next."""
        (row,) = await self.do(
            "SELECT extract(epoch FROM due_at - clock_timestamp())::float AS left FROM app.connection_health "
            "WHERE tenant_id = $1"
        )
        return float(row["left"])

    async def do(self, statement: str, *values: object) -> list[Any]:
        """In the tenant's scope, whose id is the first value, as the API's role."""
        async with self.app.tenant(self.world.tenant_id) as connection:
            return list(await connection.fetch(statement, self.world.tenant_id, *values))
