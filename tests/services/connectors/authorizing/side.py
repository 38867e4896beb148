"""A tenant's connection to such a system, worker processes that call it, and the person who authorises it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from infra.database import Database, Scope
from infra.egress import Client
from services.connectors.authorizing.exchanger import Exchanger
from services.connectors.authorizing.keeper import Keeper
from services.connectors.connections import TenantConnections
from services.connectors.forms import forms
from services.connectors.function import NAME, ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.authorization import CodeGrant
from services.engine.functions import Answer, Call
from tenants.connections import links, service
from tenants.connections.codes import Codes
from tenants.connections.grants import Grants
from tenants.connections.links import At, Links, Returned
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tenants.connections.service import Changes, Desk, Plan
from tests.services.connectors.authorizing.system import SYSTEM, System
from tests.services.connectors.declared.other import SECRET, declared
from tests.world import World, make_tenant

HOST, RETURN = "portal.north.example", "https://portal.north.example/portal/connectors/sample/return"
WHO = "key:tests"


class Process:
    """What a worker has of its own: nothing of it is shared with another."""

    def __init__(
        self,
        client: Client,
        worker: Database,
        sealer: Sealer,
        tenant: UUID,
        connection: UUID,
        document: Mapping[str, Any] = SYSTEM,
    ) -> None:
        self._tenant, self._connection = tenant, connection
        self.registry = Registry([declared(document)])
        connections = TenantConnections(OpenConnections(worker, sealer), Keeper(Grants(worker, sealer)))
        self.function = ConnectorFunction(self.registry, connections, client)
        self.exchanger = Exchanger(self.registry, connections, client, Codes(worker, sealer))

    async def call(self) -> Answer:
        return await self.function(
            Call(
                function=NAME,
                arguments={"connection": "books", "operation": "thing.read", "input": {}},
                reference="/do/0/call",
                key="key-of-the-call",
                tenant=self._tenant,
                run=UUID(int=3),
                bindings={"books": self._connection},
            )
        )


class Left(msgspec.Struct, frozen=True):
    """A browser that went to the system."""

    cookie: str
    location: str


class Side:
    """`document`: the connector's manifest."""

    def __init__(
        self,
        client: Client,
        app: Database,
        worker: Database,
        sealer: Sealer,
        settings: dict[str, Any],
        secret: str = SECRET,
        document: Mapping[str, Any] = SYSTEM,
    ) -> None:
        self.client, self.app, self.worker, self.sealer, self.document = client, app, worker, sealer, document
        self._plan = Plan(connector="sample", settings=settings, secrets={"client_secret": secret})
        self.desk = Desk(forms(Registry([declared(document)])), sealer)
        self.links = Links(app, sealer)
        self.system = System()
        self.world: World
        self.connection: UUID

    @property
    def tenant(self) -> UUID:
        return self.world.tenant_id

    async def begin(self) -> None:
        self.world = await make_tenant(self.app)
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            made, _ = await service.create(session, self.tenant, "books", self._plan, desk=self.desk, actor=WHO)
            await session.commit()
        self.connection = made.connection_id

    async def change(self, **parts: Any) -> None:
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            changes = Changes(**parts)
            await service.update(session, self.tenant, self.connection, changes, desk=self.desk, actor=WHO)
            await session.commit()

    def process(self) -> Process:
        return Process(self.client, self.worker, self.sealer, self.tenant, self.connection, self.document)

    @property
    def at(self) -> At:
        return At(self.world.partner_id, HOST)

    async def leave(self) -> Left:
        """The person opens a new link and leaves by it."""
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            _, token = await links.make(session, self.tenant, self.connection, HOST, actor=WHO)
            await session.commit()
        grant = await self._grant()
        _, cookie = await self.links.open(self.at, token)
        _, cookie = await self.links.leave(self.at, cookie)
        state, verifier = links.state_for(cookie, grant.leads_to), links.verifier_for(cookie)
        return Left(cookie, grant.location(redirect_uri=RETURN, state=state, verifier=verifier))

    async def _grant(self) -> CodeGrant:
        """As the portal makes it of the settings of this moment."""
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            row, _ = await service.find(session, self.tenant, self.connection)
        grant = declared(self.document).code_grant(row.settings)
        assert grant is not None
        return grant

    async def bring(self, left: Left, state: str, code: str) -> None:
        """The browser is back; nobody has exchanged the code yet."""
        back = Returned(redirect_uri=RETURN, leads_to=(await self._grant()).leads_to, code=code)
        await self.links.returned(self.at, left.cookie, state, self.connection, back)

    async def return_with_code(self) -> None:
        """The person leaves, allows it there, and is back."""
        left = await self.leave()
        back = dict(parse_qsl(self.system.consent(left.location)))
        await self.bring(left, back["state"], back["code"])

    async def authorize(self) -> None:
        await self.return_with_code()
        assert await self.process().exchanger.round() == 1

    async def do(self, statement: str) -> list[Any]:
        """In the tenant's scope, as the worker's role."""
        async with self.worker.tenant(self.tenant) as transaction:
            return list(await transaction.fetch(statement))

    async def settle(self) -> None:
        """The pair was given a while ago."""
        await self.do(
            "UPDATE app.connection_grant SET authorized_at = authorized_at - interval '2 minutes', "
            "refreshed_at = refreshed_at - interval '2 minutes'"
        )

    async def age(self) -> None:
        """The access token's time is over, and the leases' too."""
        await self.do("UPDATE app.connection_grant SET until = clock_timestamp(), leased_until = NULL")

    async def state(self) -> tuple[str, str | None]:
        (row,) = await self.do("SELECT state, reason FROM app.connection_grant")
        return row["state"], row["reason"]
