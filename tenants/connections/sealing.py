"""Seals a connection's secrets and opens them again, each bound to its row (S-71)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra.encryption.envelope import Place, seal, unseal
from infra.encryption.key_provider import KeyProvider
from infra.encryption.secret import Secret
from infra.encryption.tenant_key import Keyring, TenantKey
from tenants.connections import repository


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Whose secret it is. `revision` is the connection's when the value was set, and so names no other value ever."""

    tenant_id: UUID
    connection_id: UUID
    environment: str
    revision: int


class Sealer:
    """One a process. Keys that it unwrapped are kept for five minutes."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        self._keyring: Keyring | None = None

    async def seal(
        self, session: AsyncSession, tenant_id: UUID, connection_id: UUID, revision: int, values: Mapping[str, Secret]
    ) -> None:
        """Store `values` by field under the connection's new revision. A tenant's first secret makes its key."""
        if not values:
            return
        installation, environment = await repository.place(session, tenant_id)
        row = Row(tenant_id=tenant_id, connection_id=connection_id, environment=environment, revision=revision)
        key = await self._newest(session, tenant_id, installation)
        for field, value in values.items():
            await repository.put_secret(
                session,
                {
                    "tenant_id": tenant_id,
                    "connection_id": connection_id,
                    "field": field,
                    "version": revision,
                    "key_version": key.version,
                    "sealed": seal(key, _place(row, installation, field), value),
                    "last4": value.last4,
                },
            )

    async def open(self, row: Row, installation: str, field: str, sealed: bytes, wrapped: tuple[int, bytes]) -> Secret:
        """The secret of one field; `wrapped` is its tenant key's version and form.

        Raises:
            SecretUnreadable: the row, the key or the bytes are not those that were sealed.
        """
        key = await self._ring(installation).open(row.tenant_id, *wrapped)
        return unseal(key, _place(row, installation, field), sealed)

    async def _newest(self, session: AsyncSession, tenant_id: UUID, installation: str) -> TenantKey:
        ring = self._ring(installation)
        stored = await repository.newest_key(session, tenant_id)
        if stored is None:
            _, wrapped = await ring.create(tenant_id)
            # Of two first secrets at once, one key wins and both are sealed under it.
            await repository.add_key(session, tenant_id, ring.provider, wrapped)
            stored = await repository.newest_key(session, tenant_id)
        if stored is None:
            raise RuntimeError("a tenant key was stored and is not there")
        return await ring.open(tenant_id, stored.version, stored.wrapped)

    def _ring(self, installation: str) -> Keyring:
        if self._keyring is None or self._keyring.installation != installation:
            self._keyring = Keyring(self._provider, installation)
        return self._keyring


def _place(row: Row, installation: str, field: str) -> Place:
    return Place(
        installation=installation,
        environment=row.environment,
        tenant=row.tenant_id,
        connection=row.connection_id,
        field=field,
        version=row.revision,
    )
