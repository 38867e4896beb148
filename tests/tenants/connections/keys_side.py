"""Tenants with keys and secrets, for tests of what becomes of the keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from infra.database import Database, Scope
from infra.encryption.key_provider import PublicKeyWrapper
from infra.encryption.tenant_key import Keyring
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


async def add_keys(app: Database, file: Path, tenants: Sequence[UUID], count: int) -> None:
    """`count` further versions of each tenant's key, wrapped by the key in `file`, which seal nothing."""
    wrapper = PublicKeyWrapper.of_kek(file)
    for tenant in tenants:
        async with app.tenant(tenant) as connection:
            installation = str(await connection.fetchval("SELECT installation_id FROM app.installation"))
            newest = await connection.fetchval("SELECT max(version) FROM app.tenant_key")
            ring = Keyring(wrapper, installation)
            made = [await ring.create(tenant, newest + number) for number in range(1, count + 1)]
            await connection.executemany(
                "INSERT INTO app.tenant_key (tenant_id, version, provider, wrapped, public, vouched) "
                "VALUES ($1, $2, 'file', $3, $4, '')",
                [(tenant, key.version, wrapped, key.public) for key, wrapped in made],
            )
