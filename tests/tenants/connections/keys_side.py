"""Tenants with keys and secrets, for tests of what becomes of the keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from infra.database import Database, Scope
from tenants.connections import service
from tenants.connections.opening import open_connection
from tenants.connections.sealing import Sealer
from tenants.connections.service import Changes, Desk, Plan
from tenants.organizations import models as organizations
from tests.world import World, make_tenant

BELOW = organizations.Tenant.__tablename__
"""Which connections name; its model must be known before one is changed."""
WHO = "key:tests"
URL = {"url": "https://erp.example/api"}
PASSWORD = "a long enough canary 7351"  # noqa: S105 - what must never show


class Held(msgspec.Struct, frozen=True):
    """A tenant with one connection, whose password is `PASSWORD`."""

    world: World
    connection: UUID

    @property
    def tenant(self) -> UUID:
        return self.world.tenant_id


async def hold(app: Database, desk: Desk, slug: str = "acme") -> Held:
    world = await make_tenant(app, slug)
    plan = Plan(connector="erp", settings=URL, secrets={"password": PASSWORD})
    async with app.session(Scope.tenant(world.tenant_id)) as session:
        made, _ = await service.create(session, world.tenant_id, "erp", plan, desk=desk, actor=WHO)
        await session.commit()
    return Held(world, made.connection_id)


async def change(app: Database, desk: Desk, held: Held, password: str) -> None:
    async with app.session(Scope.tenant(held.tenant)) as session:
        changes = Changes(secrets={"password": password})
        await service.update(session, held.tenant, held.connection, changes, desk=desk, actor=WHO)
        await session.commit()


async def password(worker: Database, sealer: Sealer, held: Held) -> str:
    async with worker.tenant(held.tenant) as connection:
        found = await open_connection(sealer, connection, held.tenant, held.connection)
    return found.secrets["password"].reveal()


async def keys(app: Database, held: Held) -> list[Any]:
    async with app.tenant(held.tenant) as connection:
        return list(await connection.fetch("SELECT * FROM app.tenant_key ORDER BY version"))
