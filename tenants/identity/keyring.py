"""Tells who calls from the text of a key. Every request passes here, so the answer is remembered for two seconds."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from infra.database import Database
from tenants.identity import networks, repository, tokens
from tenants.identity.permissions import Permission, Scope
from tenants.identity.principal import Principal
from tenants.identity.repository import FoundKey

REMEMBERED_SECONDS: Final = 2.0
"""How long a revoked key may still pass in one process; the promise is 5 s (S-65)."""
REMEMBERED_KEYS: Final = 10_000
_NO_DIGEST: Final = bytes(32)
_BY_TEXT: Final = {one.value: one for one in Permission}


class Keyring:
    """Authenticates keys for one process."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[UUID, tuple[float, bytes, Principal | None]] = {}

    async def authenticate(self, text: str) -> Principal | None:
        """Who holds the key `text`; None: it is no key, unknown, wrong, revoked or expired, or its holder is disabled.

        Raises: as the database does when it is away.
        """
        key_id = tokens.key_id_of(text)
        if key_id is None:
            return None
        known = self._known.get(key_id)
        if known is None or known[0] <= self._clock():
            known = await self._learn(key_id)
        # The digest is compared for an unknown key too: the answer takes the same time (S-65).
        is_right = hmac.compare_digest(known[1], tokens.digest(text))
        return known[2] if is_right else None

    async def holder(self, key_id: UUID) -> Principal | None:
        """Who holds the key of this id, for a caller who has proven the key in another way; None: it is not live.

        Raises: as the database does when it is away.
        """
        known = self._known.get(key_id)
        if known is None or known[0] <= self._clock():
            known = await self._learn(key_id)
        return known[2]

    def forget(self) -> None:
        """Ask the database again for every key."""
        self._known.clear()

    async def _learn(self, key_id: UUID) -> tuple[float, bytes, Principal | None]:
        began = self._clock()
        found = await repository.look_up(self._database, key_id)
        if found is None:
            # Not remembered: guesses would fill the memory, and a key just made must work at once.
            return (began, _NO_DIGEST, None)
        known = (began + REMEMBERED_SECONDS, found.secret_hash, _principal(key_id, found) if found.live else None)
        if len(self._known) >= REMEMBERED_KEYS:
            self._known.clear()
        self._known[key_id] = known
        return known


def _principal(key_id: UUID, found: FoundKey) -> Principal:
    return Principal(
        scope=Scope(found.scope),
        key_id=key_id,
        key_name=found.name,
        # A permission that this version does not know gives nothing; a newer one wrote it (F-33).
        permissions=frozenset(_BY_TEXT[text] for text in found.permissions if text in _BY_TEXT),
        partner_id=found.partner_id,
        partner_slug=found.partner_slug,
        client_id=found.client_id,
        client_slug=found.client_slug,
        tenant_id=found.tenant_id,
        environment=found.environment,
        expires_at=found.expires_at,
        networks=networks.read(found.networks or ()),
        is_suspended=found.suspended,
    )
