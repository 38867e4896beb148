"""A tenant's key: its public half seals, its private half lies wrapped and is unwrapped for five minutes at most."""

from __future__ import annotations

import asyncio
import os
from typing import Final
from uuid import UUID

from infra import clock
from infra.encryption.canonical import encode
from infra.encryption.errors import SealingOnlyError, SecretUnreadable
from infra.encryption.key_file import KEY_BYTES
from infra.encryption.key_pair import private_half, public_half
from infra.encryption.key_provider import KeyProvider, KeyWrapper

KEPT_SECONDS: Final = 300.0
_KEPT: Final = 10_000
_Name = tuple[UUID, int, bytes]


class SealingKey:
    """The public half of a version of a tenant's key."""

    __slots__ = ("public", "version")

    def __init__(self, version: int, public: bytes) -> None:
        self.version = version
        self.public = public


class TenantKey:
    """An unwrapped tenant key. Holds key material, so it shows nothing of itself.

    `until`: when it is unwrapped anew, on the monotonic clock; nothing that it opened is kept for longer.
    """

    __slots__ = ("private", "until", "version")

    def __init__(self, version: int, key: bytes, until: float) -> None:
        self.version = version
        self.private = private_half(key)
        self.until = until

    def __repr__(self) -> str:
        return f"TenantKey(version={self.version})"


class Keyring:
    """Makes and unwraps the tenant keys of one installation."""

    def __init__(self, provider: KeyWrapper, installation: str) -> None:
        self._provider = provider
        self._installation = installation
        self._kept: dict[_Name, TenantKey] = {}
        self._asking: dict[_Name, asyncio.Task[TenantKey]] = {}

    @property
    def provider(self) -> str:
        """The provider's name, stored beside each wrapped key."""
        return self._provider.name

    @property
    def installation(self) -> str:
        return self._installation

    async def create(self, tenant: UUID, version: int = 1) -> tuple[SealingKey, bytes]:
        """The public half of a new tenant key, and its wrapped private half, which is to be stored.

        Raises:
            KeyServiceUnavailable: the provider is away.
        """
        key = os.urandom(KEY_BYTES)
        wrapped = await self._provider.wrap(key, context(self._installation, tenant, version))
        return SealingKey(version, public_half(key)), wrapped

    async def open(self, tenant: UUID, version: int, wrapped: bytes) -> TenantKey:
        """The key in `wrapped`. Callers at once share one unwrapping.

        Raises:
            SecretUnreadable: wrapped for another tenant, version or installation, by another provider, or damaged.
            KeyServiceUnavailable: the provider is away, and what was unwrapped is five minutes old.
        """
        name = (tenant, version, wrapped)
        kept = self._kept.get(name)
        if kept is not None and clock.monotonic() < kept.until:
            return kept
        self._kept.pop(name, None)
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._unwrap(name))
            task.add_done_callback(lambda _: self._asking.pop(name, None))
        return await asyncio.shield(task)

    async def _unwrap(self, name: _Name) -> TenantKey:
        if not isinstance(self._provider, KeyProvider):
            raise SealingOnlyError("This process seals and does not open")
        tenant, version, wrapped = name
        began = clock.monotonic()
        key = await self._provider.unwrap(wrapped, context(self._installation, tenant, version))
        if len(key) != KEY_BYTES:
            raise SecretUnreadable("The tenant key has an unknown form")
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        opened = self._kept[name] = TenantKey(version, key, began + KEPT_SECONDS)
        return opened


def context(installation: str, tenant: UUID, version: int) -> bytes:
    """What a wrapped tenant key is bound to."""
    return encode("v2", "tenant-key", installation, str(tenant), version)
