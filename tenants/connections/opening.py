"""A connection as a worker uses it: settings, opened secrets, and the revision by which it notices a change."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database
from infra.encryption.secret import Secret
from tenants.connections.errors import ConnectionDisabled, UnknownConnection
from tenants.connections.limits import Limits
from tenants.connections.playbook import Playbook, Standing
from tenants.connections.sealing import Row, Sealer

FRESH_SECONDS: Final = 2.0
_MOST: Final = 10_000

_READ: Final = """
SELECT c.name, c.connector, c.settings::text AS settings, c.limits::text AS limits, c.fallback_id,
       c.playbook::text AS playbook, c.status, c.revision, n.state AS standing,
       t.environment, i.installation_id, s.field, s.version, s.key_version, s.sealed, k.wrapped
FROM app.connection c JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
LEFT JOIN app.continuity n USING (tenant_id, connection_id)
LEFT JOIN app.connection_secret s USING (tenant_id, connection_id)
LEFT JOIN app.tenant_key k ON k.tenant_id = s.tenant_id AND k.version = s.key_version
WHERE c.tenant_id = $1 AND c.connection_id = $2
"""


class OpenConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Ready for a call; `secrets` by field. `standing`: of its playbook, empty where that was never entered."""

    connection_id: UUID
    connector: str
    settings: dict[str, Any]
    secrets: dict[str, Secret]
    revision: int
    limits: Limits = Limits()
    fallback: UUID | None = None
    name: str = ""
    playbook: Playbook = Playbook()
    standing: Standing = ""


async def open_connection(sealer: Sealer, connection: Any, tenant_id: UUID, connection_id: UUID) -> OpenConnection:
    """The connection with its secrets opened; `connection` is asyncpg's, in a transaction of the tenant.

    Raises:
        UnknownConnection: the tenant has none of this id.
        ConnectionDisabled: it may not be used.
        SecretUnreadable: a stored secret was moved or altered, or the key file is another one.
    """
    rows = await connection.fetch(_READ, tenant_id, connection_id)
    if not rows:
        raise UnknownConnection("There is no such connection")
    first = rows[0]
    if first["status"] != "active":
        raise ConnectionDisabled("Enable the connection, or bind another")
    secrets = {}
    for row in rows:
        if row["field"] is not None:
            place = Row(
                tenant_id=tenant_id,
                connection_id=connection_id,
                environment=row["environment"],
                revision=row["version"],
            )
            wrapped = (row["key_version"], row["wrapped"])
            secrets[row["field"]] = await sealer.open(
                place, str(row["installation_id"]), row["field"], row["sealed"], wrapped
            )
    return OpenConnection(
        connection_id=connection_id,
        connector=first["connector"],
        settings=msgspec.json.decode(first["settings"]),
        secrets=secrets,
        revision=first["revision"],
        limits=msgspec.json.decode(first["limits"], type=Limits),
        fallback=first["fallback_id"],
        name=first["name"],
        playbook=msgspec.json.decode(first["playbook"], type=Playbook),
        standing=first["standing"] or "",
    )


class _Kept(msgspec.Struct):
    opened: OpenConnection
    until: float


class OpenConnections:
    """A worker's connections. What it gives was true at most two seconds ago; callers at once share one look."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._kept: dict[tuple[UUID, UUID], _Kept] = {}
        self._looking: dict[tuple[UUID, UUID], asyncio.Task[OpenConnection]] = {}

    async def get(self, tenant_id: UUID, connection_id: UUID) -> OpenConnection:
        """The connection, opened.

        Raises:
            UnknownConnection, ConnectionDisabled, SecretUnreadable: as `open_connection` does.
        """
        key = (tenant_id, connection_id)
        kept = self._kept.get(key)
        if kept is not None and clock.monotonic() < kept.until:
            return kept.opened
        task = self._looking.get(key)
        if task is None:
            task = self._looking[key] = asyncio.create_task(self._look(tenant_id, connection_id))
            task.add_done_callback(lambda _: self._looking.pop(key, None))
        # One caller's end must not take the answer from the others.
        return await asyncio.shield(task)

    async def _look(self, tenant_id: UUID, connection_id: UUID) -> OpenConnection:
        key = (tenant_id, connection_id)
        kept = self._kept.pop(key, None)
        began = clock.monotonic()
        opened = await self._read(tenant_id, connection_id, kept)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[key] = _Kept(opened, began + FRESH_SECONDS)
        return opened

    async def _read(self, tenant_id: UUID, connection_id: UUID, kept: _Kept | None) -> OpenConnection:
        async with self._database.tenant(tenant_id) as connection:
            opened = None if kept is None else await self._unchanged(connection, tenant_id, kept.opened)
            return opened or await open_connection(self._sealer, connection, tenant_id, connection_id)

    async def _unchanged(self, connection: Any, tenant_id: UUID, opened: OpenConnection) -> OpenConnection | None:
        revision = await connection.fetchval(
            "SELECT revision FROM app.connection WHERE tenant_id = $1 AND connection_id = $2 AND status = 'active'",
            tenant_id,
            opened.connection_id,
        )
        return opened if revision == opened.revision else None
