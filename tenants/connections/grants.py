"""What people authorised connections to do, for the worker's role: read, renewed by one at a time, ended (ADR 0086).

And in the same way what a connection's own credentials were exchanged for: a machine's.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database
from infra.encryption.secret import Secret
from tenants.audit import writing as audit
from tenants.connections.grant_models import ConnectionGrant
from tenants.connections.rotation import Held
from tenants.connections.sealing import Row, Sealer

FIELD: Final = "tokens of a grant"
"""What a grant's value is sealed by: no field of a connector has a name with a space."""
_READ: Final = """
SELECT g.reason, g.version, g.state, k.version AS key_version, g.sealed, k.wrapped, t.environment, i.installation_id,
       coalesce(extract(epoch FROM g.until - clock_timestamp())::float8, 'infinity') AS rest,
       extract(epoch FROM clock_timestamp() - coalesce(g.refreshed_at, g.authorized_at))::float8 AS age
FROM app.connection_grant g JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
LEFT JOIN app.tenant_key k ON k.tenant_id = g.tenant_id AND k.version = coalesce(
  g.key_version, (SELECT max(n.version) FROM app.tenant_key n WHERE n.tenant_id = g.tenant_id))
WHERE g.tenant_id = $1 AND g.connection_id = $2
"""
_BEGIN: Final = """
INSERT INTO app.connection_grant AS g (tenant_id, connection_id, state, version, by_machine)
SELECT $1, $2, 'asked', 1, true WHERE EXISTS (SELECT FROM app.tenant_key k WHERE k.tenant_id = $1)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET state = 'asked', version = g.version + 1, reason = NULL,
  leased_until = NULL, by_machine = true
WHERE g.state = 'ended' RETURNING true
"""
_LEASE: Final = """
UPDATE app.connection_grant SET leased_until = clock_timestamp() + make_interval(secs => $4)
WHERE tenant_id = $1 AND connection_id = $2 AND version = $3 AND state IN ('held', 'asked')
  AND (leased_until IS NULL OR leased_until <= clock_timestamp()) RETURNING true
"""
_RELEASE: Final = """
UPDATE app.connection_grant SET leased_until = NULL WHERE tenant_id = $1 AND connection_id = $2 AND version = $3
"""
_RENEW: Final = """
UPDATE app.connection_grant SET version = version + 1, sealed = $4, key_version = $5,
  until = clock_timestamp() + make_interval(secs => $6), leased_until = NULL, refreshed_at = clock_timestamp()
WHERE tenant_id = $1 AND connection_id = $2 AND version = $3 AND state = 'held' RETURNING true
"""
_FETCHED: Final = """
UPDATE app.connection_grant SET state = 'held', by_machine = true, version = version + 1, sealed = $4, key_version = $5,
  until = clock_timestamp() + make_interval(secs => $6), leased_until = NULL, refreshed_at = clock_timestamp()
WHERE tenant_id = $1 AND connection_id = $2 AND version = $3 AND state IN ('held', 'asked') RETURNING true
"""
_END: Final = """
UPDATE app.connection_grant SET state = 'ended', version = version + 1, sealed = NULL, key_version = NULL, until = NULL,
  leased_until = NULL, reason = $4
WHERE tenant_id = $1 AND connection_id = $2 AND version = $3 AND state = 'held' RETURNING true
"""


class Tokens(msgspec.Struct, frozen=True):
    """A pair of tokens, and the digest of where they may go. `refresh`: None where the server gave none.

    `scopes`: what they may; empty where nobody says.
    """

    access: Secret
    refresh: Secret | None
    leads_to: str
    scopes: frozenset[str] = frozenset()

    def text(self) -> Secret:
        """As it is sealed."""
        refresh = None if self.refresh is None else self.refresh.reveal()
        parts = [self.access.reveal(), refresh, self.leads_to, sorted(self.scopes)]
        return Secret(msgspec.json.encode(parts).decode())

    @classmethod
    def of(cls, text: Secret) -> Tokens:
        access, refresh, leads_to, scopes = msgspec.json.decode(text.reveal())
        return cls(Secret(access), None if refresh is None else Secret(refresh), leads_to, frozenset(scopes))


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it was read. `tokens`: None once it ended, and of a machine's that has none yet.

    `rest`: seconds for which the access token holds yet; `age`: since it was given.
    """

    version: int
    reason: str
    has_ended: bool
    tokens: Tokens | None
    rest: float
    age: float
    place: Row
    installation: str
    wrapped: tuple[int, bytes]


class Grants:
    """One for the process. Raises what the database raises, and SecretUnreadable, KeyServiceUnavailable."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def read(self, tenant: UUID, connection: UUID) -> Grant | None:
        """None where nobody ever authorised it."""
        async with self._database.tenant(tenant) as transaction:
            row = await transaction.fetchrow(_READ, tenant, connection)
        if row is None:
            return None
        place = _row(tenant, connection, row["environment"], row["version"])
        installation, wrapped = str(row["installation_id"]), (row["key_version"], row["wrapped"])
        tokens = None
        if row["sealed"] is not None:
            tokens = Tokens.of(await self._sealer.open(place, installation, FIELD, row["sealed"], wrapped))
        return Grant(
            version=row["version"],
            reason=row["reason"] or "",
            has_ended=row["state"] == "ended",
            tokens=tokens,
            rest=row["rest"],
            age=row["age"],
            place=place,
            installation=installation,
            wrapped=wrapped,
        )

    async def begin(self, tenant: UUID, connection: UUID) -> None:
        """That a machine's token is asked for, where there is no row yet, or what there was has ended."""
        async with self._database.tenant(tenant) as transaction:
            await transaction.fetchval(_BEGIN, tenant, connection)

    async def lease(self, grant: Grant, seconds: float) -> bool:
        """Whether this process alone may ask for the next pair, for `seconds`."""
        return bool(await self._do(_LEASE, grant, seconds))

    async def release(self, grant: Grant) -> None:
        """Nothing came of it: the next one may ask at once."""
        await self._do(_RELEASE, grant)

    async def renew(self, grant: Grant, tokens: Tokens, seconds: float | None, *, by_machine: bool = False) -> bool:
        """Store the next pair; it may be used from now on. False where another one has come meanwhile."""
        place = _row(grant.place.tenant_id, grant.place.connection_id, grant.place.environment, grant.version + 1)
        sealed = await self._sealer.sealed_back(place, grant.installation, FIELD, tokens.text(), grant.wrapped)
        # The key's version as well: another one may seal the row by now, and this value is sealed by the one before.
        statement = _FETCHED if by_machine else _RENEW
        return bool(await self._do(statement, grant, sealed, grant.wrapped[0], seconds))

    async def end(self, grant: Grant, reason: str) -> bool:
        """Nothing of it counts any more. False where another pair has come, which does."""
        place = grant.place
        async with self._database.tenant(place.tenant_id) as transaction:
            values = (place.tenant_id, place.connection_id, grant.version, reason[:300])
            ended = bool(await transaction.fetchval(_END, *values))
            if ended:
                tenant, told = place.tenant_id, {"reason": reason[:300]}
                action, target = "connection.authorization-ended", ids.show("con", place.connection_id)
                await audit.write(transaction, tenant, actor="engine", action=action, target=target, after=told)
        return ended

    async def _do(self, statement: str, grant: Grant, *values: object) -> Any:
        place = grant.place
        async with self._database.tenant(place.tenant_id) as transaction:
            return await transaction.fetchval(statement, place.tenant_id, place.connection_id, grant.version, *values)


def _row(tenant: UUID, connection: UUID, environment: str, version: int) -> Row:
    return Row(tenant_id=tenant, connection_id=connection, environment=environment, revision=version)


_HELD: Final = """
SELECT g.connection_id AS thing, g.version, g.key_version, g.sealed, k.wrapped, t.environment, i.installation_id
FROM app.connection_grant g JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
JOIN app.tenant_key k ON k.tenant_id = g.tenant_id AND k.version = g.key_version
WHERE g.tenant_id = $1 AND g.key_version < $2 ORDER BY g.connection_id
"""


async def _put(session: AsyncSession, tenant_id: UUID, row: Any, key_version: int, sealed: bytes) -> bool:
    statement = (
        update(ConnectionGrant)
        .where(ConnectionGrant.tenant_id == tenant_id, ConnectionGrant.connection_id == row["thing"])
        .where(ConnectionGrant.version == row["version"], ConnectionGrant.key_version == row["key_version"])
        .values(key_version=key_version, sealed=sealed)
    )
    found = await session.execute(statement.returning(ConnectionGrant.version))
    return found.first() is not None


SECRETS: Final = Held(read=_HELD, put=_put, field=lambda _: FIELD)
