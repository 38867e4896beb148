"""A connection as a worker uses it: settings, opened secrets, and the revision by which it notices a change."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.database import Database, Scope
from infra.encryption.errors import SecretUnreadable
from infra.encryption.secret import Secret
from infra.redaction import NOTHING, Hider
from tenants.audit import alarms
from tenants.connections.errors import ConnectionDisabled, UnknownConnection
from tenants.connections.limits import Limits
from tenants.connections.playbook import Playbook, Standing
from tenants.connections.sealing import Row, Sealer
from tenants.connections.secret_uses import SecretUses

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
    """Ready for a call; `secrets` by field. `standing`: of its playbook, empty where that was never entered.

    `until`: no secret of it is kept for longer, on the monotonic clock. `hider` masks them.
    """

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
    until: float = math.inf
    hider: Hider = NOTHING


async def open_connection(sealer: Sealer, connection: Any, tenant_id: UUID, connection_id: UUID) -> OpenConnection:
    """The connection with its secrets opened; `connection` is asyncpg's, in a transaction of the tenant.

    Raises:
        UnknownConnection: the tenant has none of this id.
        ConnectionDisabled: it may not be used.
        SecretUnreadable: a stored secret was moved or altered, or the key file is another one.
        KeyServiceUnavailable: its key cannot be unwrapped now.
    """
    return await _opened(sealer, await _rows(connection, tenant_id, connection_id), tenant_id, connection_id)


async def _rows(connection: Any, tenant_id: UUID, connection_id: UUID) -> list[Any]:
    rows: list[Any] = await connection.fetch(_READ, tenant_id, connection_id)
    if not rows:
        raise UnknownConnection("There is no such connection")
    if rows[0]["status"] != "active":
        raise ConnectionDisabled("Enable the connection, or bind another")
    return rows


async def _opened(sealer: Sealer, rows: list[Any], tenant_id: UUID, connection_id: UUID) -> OpenConnection:
    first, secrets, until = rows[0], {}, math.inf
    for row in rows:
        if row["field"] is None:
            continue
        place = Row(
            tenant_id=tenant_id, connection_id=connection_id, environment=row["environment"], revision=row["version"]
        )
        wrapped, installation = (row["key_version"], row["wrapped"]), str(row["installation_id"])
        key = await sealer.key(tenant_id, installation, wrapped)
        secrets[row["field"]] = await sealer.open(place, installation, row["field"], row["sealed"], wrapped)
        until = min(until, key.until)
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
        until=until,
        hider=Hider(secrets.values()),
    )


class _Kept(msgspec.Struct):
    opened: OpenConnection
    until: float


class OpenConnections:
    """A worker's connections. What it gives was true at most two seconds ago; callers at once share one look.

    Args:
        uses: is told of each connection whose secrets are given out.
    """

    def __init__(self, database: Database, sealer: Sealer, uses: SecretUses | None = None) -> None:
        self._database = database
        self._sealer = sealer
        self._uses = uses
        self._kept: dict[tuple[UUID, UUID], _Kept] = {}
        self._looking: dict[tuple[UUID, UUID], asyncio.Task[OpenConnection]] = {}

    async def get(self, tenant_id: UUID, connection_id: UUID) -> OpenConnection:
        """The connection, opened.

        Raises:
            UnknownConnection, ConnectionDisabled, SecretUnreadable, KeyServiceUnavailable: as `open_connection` does.
        """
        opened = await self._get((tenant_id, connection_id))
        if self._uses is not None and opened.secrets:
            self._uses.note(tenant_id, connection_id, opened.secrets)
        return opened

    async def _get(self, key: tuple[UUID, UUID]) -> OpenConnection:
        kept = self._kept.get(key)
        if kept is not None and clock.monotonic() < kept.until:
            return kept.opened
        task = self._looking.get(key)
        if task is None:
            task = self._looking[key] = asyncio.create_task(self._look(*key))
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
        self._kept[key] = _Kept(opened, min(began + FRESH_SECONDS, opened.until))
        return opened

    async def _read(self, tenant_id: UUID, connection_id: UUID, kept: _Kept | None) -> OpenConnection:
        async with self._database.tenant(tenant_id) as connection:
            if kept is not None and clock.monotonic() < kept.opened.until:
                opened = await self._unchanged(connection, tenant_id, kept.opened)
                if opened is not None:
                    return opened
            rows = await _rows(connection, tenant_id, connection_id)
        # Behind the transaction: unwrapping may ask a key service, over the network.
        try:
            return await _opened(self._sealer, rows, tenant_id, connection_id)
        except SecretUnreadable as error:
            await alarms.unreadable(self._database, Scope.tenant(tenant_id), ids.show("con", connection_id), error)
            raise

    async def _unchanged(self, connection: Any, tenant_id: UUID, opened: OpenConnection) -> OpenConnection | None:
        revision = await connection.fetchval(
            "SELECT revision FROM app.connection WHERE tenant_id = $1 AND connection_id = $2 AND status = 'active'",
            tenant_id,
            opened.connection_id,
        )
        return opened if revision == opened.revision else None
