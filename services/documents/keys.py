"""A tenant's key for documents, and each file's own key under it. All are bound to where they belong (S-71)."""

from __future__ import annotations

import os
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock
from infra.encryption.canonical import encode
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from services.documents import repository

_KEY: Final = 32
_NONCE: Final = 12
_KEPT: Final = 1_000
_KEPT_SECONDS: Final = 300.0


class FileKey(msgspec.Struct, frozen=True):
    """One file's key, and how it is stored."""

    key: bytes
    version: int
    sealed: bytes

    def __repr__(self) -> str:
        return f"FileKey(version={self.version})"


class DocumentKeys:
    """One a process. Tenants' keys that it unwrapped are kept for five minutes."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        self._kept: dict[tuple[UUID, int, bytes], tuple[float, AESGCM]] = {}

    async def make(self, session: AsyncSession, tenant: UUID, document: UUID) -> FileKey:
        """A new file's key. A tenant's first document makes the tenant's key. Raises SecretUnreadable."""
        stored = await repository.newest_key(session, tenant)
        if stored is None:
            wrapped = await self._provider.wrap(os.urandom(_KEY), context(tenant, 1))
            # Of two first documents at once, one key wins and both are sealed under it.
            await repository.add_key(session, tenant, 1, wrapped)
            stored = await repository.newest_key(session, tenant)
        if stored is None:
            raise RuntimeError("a key for documents was stored and is not there")
        key, nonce = os.urandom(_KEY), os.urandom(_NONCE)
        aead = await self._tenants(tenant, stored.version, stored.wrapped)
        sealed = nonce + aead.encrypt(nonce, key, bound_to(tenant, document))
        return FileKey(key, stored.version, sealed)

    async def open(self, tenant: UUID, document: UUID, version: int, wrapped: bytes, sealed: bytes) -> bytes:
        """A file's key. Raises SecretUnreadable: of another document or tenant, or altered."""
        aead = await self._tenants(tenant, version, wrapped)
        try:
            return aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to(tenant, document))
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable("The key of a stored file was moved or altered") from error

    async def _tenants(self, tenant: UUID, version: int, wrapped: bytes) -> AESGCM:
        name = (tenant, version, wrapped)
        kept = self._kept.get(name)
        if kept is not None and clock.monotonic() < kept[0]:
            return kept[1]
        began = clock.monotonic()
        aead = AESGCM(await self._provider.unwrap(wrapped, context(tenant, version)))
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[name] = (began + _KEPT_SECONDS, aead)
        return aead


def bound_to(tenant: UUID, document: UUID) -> bytes:
    """What a file and its key are bound to."""
    return encode("v1", "document", str(tenant), str(document))


def context(tenant: UUID, version: int) -> bytes:
    """What a tenant's wrapped key for documents is bound to."""
    return encode("v1", "document-key", str(tenant), version)
