"""Secrets of inbound webhooks: wrapped by the key-encryption key for this purpose alone, bound to their row (ADR 0060).

The API's process opens them, since it is who compares. They are no secrets of a connection and no tenant key is theirs,
so that whoever may open these opens none of those.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from infra import clock
from infra.encryption.canonical import encode
from infra.encryption.key_provider import KeyProvider
from infra.encryption.secret import Secret

KEPT_SECONDS: Final = 300.0
_MOST: Final = 10_000


class Place(msgspec.Struct, frozen=True):
    """Whose secret it is; moved to another row, it does not open."""

    tenant_id: UUID
    hook_id: UUID
    version: int

    def context(self) -> bytes:
        return encode("v1", "inbound-webhook", str(self.tenant_id), str(self.hook_id), self.version)


class Safe:
    """Seals and opens them; what was opened is kept for five minutes at most."""

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys
        self._kept: dict[tuple[Place, bytes], tuple[float, Secret]] = {}

    async def seal(self, place: Place, secret: Secret) -> bytes:
        return await self._keys.wrap(secret.reveal().encode(), place.context())

    async def open(self, place: Place, sealed: bytes) -> Secret:
        """Raises SecretUnreadable: it was moved or altered, or sealed by another key file."""
        kept = self._kept.get((place, sealed))
        if kept is not None and clock.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        secret = Secret.of_bytes(await self._keys.unwrap(sealed, place.context()))
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[place, sealed] = (clock.monotonic(), secret)
        return secret
