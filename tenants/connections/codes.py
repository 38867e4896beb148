"""Codes that browsers brought back, for the worker's role: taken once, exchanged, and told how it went (ADR 0086)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from infra.encryption.secret import Secret
from tenants.audit import writing as audit
from tenants.connections import grants
from tenants.connections.grants import Tokens
from tenants.connections.sealing import Row, Sealer

FIELD: Final = "code of a link"
_TRIES: Final = 5
_READ: Final = """
SELECT l.maker, l.key_version, l.sealed, k.wrapped, t.environment, i.installation_id
FROM app.connection_link l JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
JOIN app.tenant_key k ON k.tenant_id = l.tenant_id AND k.version = l.key_version
WHERE l.tenant_id = $1 AND l.connection_id = $2 AND l.attempt = $3 AND l.state = 'taken'
"""
_VERSION: Final = "SELECT version FROM app.connection_grant WHERE tenant_id = $1 AND connection_id = $2"
_STORE: Final = """
INSERT INTO app.connection_grant AS g (tenant_id, connection_id, state, version, key_version, sealed, until)
VALUES ($1, $2, 'held', $3 + 1, $4, $5, clock_timestamp() + make_interval(secs => $6))
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET state = 'held', version = excluded.version,
  key_version = excluded.key_version, sealed = excluded.sealed, until = excluded.until, leased_until = NULL,
  reason = NULL, authorized_at = clock_timestamp(), refreshed_at = NULL, by_machine = false
WHERE g.version = $3 RETURNING true
"""
_SETTLE: Final = """
UPDATE app.connection_link SET state = $4, reason = $5, sealed = NULL, key_version = NULL, moved_at = clock_timestamp()
WHERE tenant_id = $1 AND connection_id = $2 AND attempt = $3 AND state = 'taken' RETURNING maker
"""


class Taken(msgspec.Struct, frozen=True):
    """A connection whose link brought a code, with its `attempt`, which nobody else takes."""

    tenant: UUID
    connection: UUID
    attempt: int


class Brought(msgspec.Struct, frozen=True):
    """What a browser brought back. `leads_to`: digest of where it was sent, and where its code may go."""

    code: Secret
    verifier: Secret
    redirect_uri: str
    leads_to: str

    def text(self) -> Secret:
        """As it is sealed."""
        parts = [self.code.reveal(), self.verifier.reveal(), self.redirect_uri, self.leads_to]
        return Secret(msgspec.json.encode(parts).decode())

    @classmethod
    def of(cls, text: Secret) -> Brought:
        code, verifier, redirect_uri, leads_to = msgspec.json.decode(text.reveal())
        return cls(Secret(code), Secret(verifier), redirect_uri, leads_to)


class Opened(msgspec.Struct, frozen=True):
    brought: Brought
    environment: str
    installation: str
    wrapped: tuple[int, bytes]


class Overtaken(Exception):
    """There is another link by now, or somebody left by it anew: nothing of this one counts."""


class Codes:
    """One for the process. Raises what the database raises, and SecretUnreadable, KeyServiceUnavailable."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def take(self, most: int) -> list[Taken]:
        async with self._database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.take_codes($1)", most)
        return [Taken(row["tenant_id"], row["connection_id"], row["attempt"]) for row in rows]

    async def read(self, taken: Taken) -> Opened:
        """Raises Overtaken."""
        async with self._database.tenant(taken.tenant) as transaction:
            row = await transaction.fetchrow(_READ, taken.tenant, taken.connection, taken.attempt)
        if row is None:
            raise Overtaken
        place = _row(taken, row["environment"], taken.attempt)
        installation, wrapped = str(row["installation_id"]), (row["key_version"], row["wrapped"])
        text = await self._sealer.open(place, installation, FIELD, row["sealed"], wrapped)
        return Opened(Brought.of(text), row["environment"], installation, wrapped)

    async def store(self, taken: Taken, opened: Opened, tokens: Tokens, seconds: float | None) -> None:
        """From now on the connection has these tokens, and the link has done its work. Raises Overtaken."""
        for _ in range(_TRIES):
            async with self._database.tenant(taken.tenant) as transaction:
                version = await transaction.fetchval(_VERSION, taken.tenant, taken.connection) or 0
            place = _row(taken, opened.environment, version + 1)
            sealed = await self._sealer.sealed_back(
                place, opened.installation, grants.FIELD, tokens.text(), opened.wrapped
            )
            values = (version, opened.wrapped[0], sealed, seconds)
            async with self._database.tenant(taken.tenant) as transaction:
                if await transaction.fetchval(_STORE, taken.tenant, taken.connection, *values):
                    maker = await _settled(transaction, taken, "done", None)
                    after = {"link_by": maker, "renews": tokens.refresh is not None}
                    await _tell(transaction, taken, "connection.authorized", after)
                    return
        raise Overtaken

    async def refuse(self, taken: Taken, reason: str, detail: str) -> None:
        """Nothing came of the code. `reason`: a word for the page; `detail`: for the log. Raises Overtaken."""
        async with self._database.tenant(taken.tenant) as transaction:
            maker = await _settled(transaction, taken, "refused", reason)
            after = {"link_by": maker, "reason": reason, "detail": detail[:1000]}
            await _tell(transaction, taken, "connection.authorization-refused", after)


async def _settled(transaction: Any, taken: Taken, state: str, reason: str | None) -> str:
    maker = await transaction.fetchval(_SETTLE, taken.tenant, taken.connection, taken.attempt, state, reason)
    if maker is None:
        raise Overtaken
    return str(maker)


async def _tell(transaction: Any, taken: Taken, action: str, after: dict[str, Any]) -> None:
    target = ids.show("con", taken.connection)
    await audit.write(transaction, taken.tenant, actor="engine", action=action, target=target, after=after)


def _row(taken: Taken, environment: str, version: int) -> Row:
    return Row(tenant_id=taken.tenant, connection_id=taken.connection, environment=environment, revision=version)
