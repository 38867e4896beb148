"""A tenant gets another key: its secrets are sealed to the new one, and so is what comes.

But for what was being sealed at that very moment: it may be to the key before, which is kept while anything needs it,
and the next rotation takes it along.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database, Scope
from infra.encryption.tenant_key import SealingKey
from infra.ids import TenantId
from tenants.audit import service as audit
from tenants.connections import repository
from tenants.connections.sealing import Row, Sealer
from tenants.connections.secret_uses import SecretUses

_READ: Final = """
SELECT s.connection_id AS thing, s.field, s.version, s.key_version, s.sealed, k.wrapped, t.environment,
       i.installation_id
FROM app.connection_secret s JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
JOIN app.tenant_key k ON k.tenant_id = s.tenant_id AND k.version = s.key_version
WHERE s.tenant_id = $1 AND s.key_version < $2 ORDER BY s.connection_id, s.field
"""


class Held(msgspec.Struct, frozen=True):
    """Values of a table that tenants' keys seal.

    Attributes:
        read: SQL of the worker's role, of a tenant and the version that seals from now on: what older ones sealed, as
            thing, version, key_version, sealed, wrapped, environment and installation_id.
        put: stores a row's value, sealed anew; False when it has another by then, or is gone.
        field: the name that a row's value is sealed by.
    """

    read: str
    put: Callable[[AsyncSession, UUID, Any, int, bytes], Awaitable[bool]]
    field: Callable[[Any], str]


class Rotated(msgspec.Struct, frozen=True):
    """The version that seals from now on; how many secrets were sealed anew, and how many had another value by then."""

    version: int
    sealed: int
    passed: int


async def rotate(  # noqa: PLR0913 (both roles, the keys, whose and what, and who asks)
    app: Database, worker: Database, sealer: Sealer, tenant_id: UUID, held: Sequence[Held], *, actor: str
) -> Rotated:
    """Give the tenant a new version of its key and seal to it what it holds, with the databases of both roles.

    Earlier versions stay: what was read under one a moment ago opens, and so does a backup. Safe to repeat.

    Raises:
        SecretUnreadable: a secret does not open; those before it are sealed anew, and it is left as it is.
        KeyServiceUnavailable: the key service is away.
    """
    key = await sealer.renew(app, tenant_id)
    uses, sealed, found = SecretUses(worker, "rotation"), 0, 0
    for one in held:
        async with worker.tenant(tenant_id) as connection:
            rows = list(await connection.fetch(one.read, tenant_id, key.version))
        found += len(rows)
        for row in rows:
            value = await _anew(sealer, key, tenant_id, row, one.field(row))
            uses.note(tenant_id, row["thing"], [one.field(row)])
            async with app.session(Scope.tenant(tenant_id)) as session:
                sealed += await one.put(session, tenant_id, row, key.version, value)
                await session.commit()
    await uses.write()
    rotated = Rotated(key.version, sealed, found - sealed)
    async with app.session(Scope.tenant(tenant_id)) as session:
        target, after = ids.show("ten", tenant_id), msgspec.to_builtins(rotated)
        await audit.record(session, actor=actor, action="tenant-key.rotated", target=target, after=after)
        await session.commit()
    return rotated


async def _anew(sealer: Sealer, key: SealingKey, tenant_id: UUID, row: Any, field: str) -> bytes:
    place = Row(
        tenant_id=tenant_id,
        connection_id=row["thing"],
        environment=row["environment"],
        revision=row["version"],
    )
    installation, wrapped = str(row["installation_id"]), (row["key_version"], row["wrapped"])
    value = await sealer.open(place, installation, field, row["sealed"], wrapped)
    return sealer.sealed_anew(key, place, installation, field, value)


async def _put(session: AsyncSession, tenant_id: UUID, row: Any, key_version: int, sealed: bytes) -> bool:
    known = {"connection_id": row["thing"], **{name: row[name] for name in ("field", "version", "key_version")}}
    return await repository.reseal(session, {"tenant_id": tenant_id, **known}, key_version, sealed)


SECRETS: Final = Held(read=_READ, put=_put, field=lambda row: str(row["field"]))


async def everybody(app: Database) -> list[TenantId]:
    """Every environment of every client that is not deleted."""
    async with app.session(Scope.operator()) as session:
        return [TenantId(row) for row in await repository.environments(session)]
