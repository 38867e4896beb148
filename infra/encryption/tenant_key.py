"""A tenant's own key: wrapped in the database, versioned, unwrapped in memory for five minutes at most."""

from __future__ import annotations

import os
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra import clock
from infra.encryption.canonical import encode
from infra.encryption.key_file import KEY_BYTES
from infra.encryption.key_provider import KeyProvider

KEPT_SECONDS: Final = 300.0
_KEPT: Final = 10_000


class TenantKey:
    """An unwrapped tenant key. Holds key material, so it shows nothing of itself."""

    __slots__ = ("aead", "version")

    def __init__(self, version: int, key: bytes) -> None:
        self.version = version
        self.aead = AESGCM(key)

    def __repr__(self) -> str:
        return f"TenantKey(version={self.version})"


class Keyring:
    """Makes and unwraps the tenant keys of one installation."""

    def __init__(self, provider: KeyProvider, installation: str) -> None:
        self._provider = provider
        self._installation = installation
        self._kept: dict[tuple[UUID, int, bytes], tuple[float, TenantKey]] = {}

    @property
    def provider(self) -> str:
        """The provider's name, stored beside each wrapped key."""
        return self._provider.name

    @property
    def installation(self) -> str:
        return self._installation

    async def create(self, tenant: UUID, version: int = 1) -> tuple[TenantKey, bytes]:
        """A new tenant key and its wrapped form, which is to be stored."""
        key = os.urandom(KEY_BYTES)
        wrapped = await self._provider.wrap(key, self._context(tenant, version))
        return TenantKey(version, key), wrapped

    async def open(self, tenant: UUID, version: int, wrapped: bytes) -> TenantKey:
        """The key in `wrapped`.

        Raises:
            SecretUnreadable: wrapped for another tenant, version or installation, by another provider, or damaged.
        """
        name = (tenant, version, wrapped)
        kept = self._kept.get(name)
        if kept is not None and clock.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        key = TenantKey(version, await self._provider.unwrap(wrapped, self._context(tenant, version)))
        self._kept[name] = (clock.monotonic(), key)
        return key

    def _context(self, tenant: UUID, version: int) -> bytes:
        return encode("v1", "tenant-key", self._installation, str(tenant), version)
