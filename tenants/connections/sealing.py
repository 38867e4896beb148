"""Seals a connection's secrets and opens them again, each bound to its row (S-71).

Sealing takes the public half of the tenant's key, opening the private one, which the key provider unwraps. A process
whose provider cannot unwrap seals all the same, and opens nothing (ADR 0054).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Database, Scope
from infra.encryption.envelope import Place, seal, unseal
from infra.encryption.key_provider import KeyWrapper
from infra.encryption.secret import Secret
from infra.encryption.tenant_key import Keyring, SealingKey, TenantKey
from infra.encryption.voucher import Voucher
from tenants.connections import repository

_TRIES: Final = 3
_KNOWN: Final = 10_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Whose secret it is. `revision` is the connection's when the value was set, and so names no other value ever."""

    tenant_id: UUID
    connection_id: UUID
    environment: str
    revision: int


class Sealer:
    """One a process. Keys that it unwrapped are kept for five minutes.

    Args:
        voucher: tells tenants' keys that this installation made from what somebody else wrote; who seals for others
            needs one. None: any stored key is taken.
    """

    def __init__(self, provider: KeyWrapper, voucher: Voucher | None = None) -> None:
        self._provider = provider
        self._voucher = voucher
        self._keyring: Keyring | None = None
        self._has_key: set[UUID] = set()

    async def prepare(self, database: Database, tenant_id: UUID) -> None:
        """See that the tenant has a key, before the transaction that seals: a key service answers over the network.

        Raises:
            KeyServiceUnavailable: it has none yet, and none can be made now.
        """
        if tenant_id in self._has_key:
            return
        async with database.session(Scope.tenant(tenant_id)) as session:
            installation, _ = await repository.place(session, tenant_id)
            found, _ = await self._usable(session, tenant_id, installation)
        if found is None:
            await self.renew(database, tenant_id)
        if len(self._has_key) >= _KNOWN:
            self._has_key.clear()
        self._has_key.add(tenant_id)

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

    async def renew(self, database: Database, tenant_id: UUID) -> SealingKey:
        """A new version of the tenant's key, which seals from now on. Earlier ones go on opening.

        Raises:
            KeyServiceUnavailable: none can be made now.
        """
        async with database.session(Scope.tenant(tenant_id)) as session:
            installation, _ = await repository.place(session, tenant_id)
            _, version = await self._usable(session, tenant_id, installation)
        made = await self._ring(installation).create(tenant_id, version + 1)
        async with database.session(Scope.tenant(tenant_id)) as session:
            await self._store(session, tenant_id, installation, *made)
            # Of two at once one wins, and both get that one.
            found, _ = await self._usable(session, tenant_id, installation)
            await session.commit()
        if found is None or found.version <= version:
            raise RuntimeError("a tenant key was stored and is not there")
        return found

    def sealed_anew(self, key: SealingKey, row: Row, installation: str, field: str, value: Secret) -> bytes:
        """The same value in the same place under another version of the tenant's key."""
        return seal(key, _place(row, installation, field), value)

    async def sealed_back(
        self, row: Row, installation: str, field: str, value: Secret, wrapped: tuple[int, bytes]
    ) -> bytes:
        """`value` sealed by who opens: to the very key in `wrapped`, which its unwrapping proves to be the tenant's.

        Raises as `open`.
        """
        key = await self.key(row.tenant_id, installation, wrapped)
        own = SealingKey(key.version, key.private.public_key().public_bytes_raw())
        return seal(own, _place(row, installation, field), value)

    async def open(self, row: Row, installation: str, field: str, sealed: bytes, wrapped: tuple[int, bytes]) -> Secret:
        """The secret of one field; `wrapped` is its tenant key's version and form.

        Raises:
            SecretUnreadable: the row, the key or the bytes are not those that were sealed.
            KeyServiceUnavailable: the key cannot be unwrapped now.
        """
        return unseal(await self.key(row.tenant_id, installation, wrapped), _place(row, installation, field), sealed)

    async def key(self, tenant_id: UUID, installation: str, wrapped: tuple[int, bytes]) -> TenantKey:
        """Raises as `open`."""
        return await self._ring(installation).open(tenant_id, *wrapped)

    async def _newest(self, session: AsyncSession, tenant_id: UUID, installation: str) -> SealingKey:
        for _ in range(_TRIES):
            found, version = await self._usable(session, tenant_id, installation)
            if found is not None:
                return found
            made = await self._ring(installation).create(tenant_id, version + 1)
            # Of two first secrets at once, one key wins and both are sealed to it.
            await self._store(session, tenant_id, installation, *made)
        raise RuntimeError("a tenant key was stored and is not there")

    async def _usable(self, session: AsyncSession, tenant_id: UUID, installation: str) -> tuple[SealingKey | None, int]:
        """The newest key that may seal, and the highest version that there is of any."""
        stored = await repository.keys(session, tenant_id)
        for one in stored:
            if self._voucher is None or self._voucher.vouches(
                installation, tenant_id, one.version, one.public, one.vouched
            ):
                return SealingKey(one.version, one.public), stored[0].version
        return None, stored[0].version if stored else 0

    async def _store(
        self, session: AsyncSession, tenant_id: UUID, installation: str, key: SealingKey, wrapped: bytes
    ) -> None:
        vouched = b"" if self._voucher is None else self._voucher.of(installation, tenant_id, key.version, key.public)
        values = {"version": key.version, "provider": self._provider.name, "wrapped": wrapped}
        await repository.add_key(session, tenant_id, values | {"public": key.public, "vouched": vouched})

    def _ring(self, installation: str) -> Keyring:
        if self._keyring is None or self._keyring.installation != installation:
            self._keyring = Keyring(self._provider, installation)
        return self._keyring

    async def sealed(
        self, session: AsyncSession, row: tuple[UUID, UUID, int], field: str, value: Secret
    ) -> tuple[int, bytes]:
        """The version of the tenant's key and the sealed value, for whoever stores it; it is opened by `open`.

        `row` names the tenant, the thing that the value is of, and the how manieth value it is.
        """
        tenant_id, thing, version = row
        installation, environment = await repository.place(session, tenant_id)
        whose = Row(tenant_id=tenant_id, connection_id=thing, environment=environment, revision=version)
        key = await self._newest(session, tenant_id, installation)
        return key.version, seal(key, _place(whose, installation, field), value)


def _place(row: Row, installation: str, field: str) -> Place:
    return Place(
        installation=installation,
        environment=row.environment,
        tenant=row.tenant_id,
        connection=row.connection_id,
        field=field,
        version=row.revision,
    )
