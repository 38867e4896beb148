"""Endpoints by their addresses, as requests meet them; what is said of one was true two seconds ago at most."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.database import Database, Scope
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from infra.ids import TenantId
from services.inbound.errors import WebhookSecretUnreadable
from services.inbound.mapping import Delivery, EventOf
from services.inbound.sealing import Place, Safe
from services.inbound.verification import Verification, is_verified, key_of
from tenants.audit import alarms

REMEMBERED_SECONDS: Final = 2.0
AWAY_SECONDS: Final = 60
_REMEMBERED: Final = 10_000
_ADDRESS: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_log: Final = logging.getLogger(__name__)

_READ: Final = """
SELECT w.name, w.status, w.verification::text AS verification, w.event::text AS event, w.media_types,
       s.version, s.sealed, s.ends_at
FROM app.inbound_webhook w
LEFT JOIN app.inbound_secret s ON s.tenant_id = w.tenant_id AND s.hook_id = w.hook_id
WHERE w.tenant_id = $1 AND w.hook_id = $2 ORDER BY s.version DESC
"""


class Key(msgspec.Struct, frozen=True):
    """What a sender may sign with, until `ends_at`."""

    key: bytes
    ends_at: datetime | None

    def __repr__(self) -> str:
        return f"Key({self.ends_at})"


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `keys` has those that could be opened."""

    tenant_id: TenantId
    client_id: UUID
    partner_id: UUID
    hook_id: UUID
    name: str
    is_active: bool
    is_suspended: bool
    verification: Verification
    event: EventOf
    media_types: tuple[str, ...]
    keys: tuple[Key, ...]

    @property
    def source(self) -> str:
        """Of its events."""
        return source_of(self.name)

    @property
    def actor(self) -> str:
        """Who brought what it takes in, for the record."""
        return f"webhook:{ids.show('hok', self.hook_id)}"

    def proves(self, delivery: Delivery) -> bool:
        """Whether the sender is proven.

        Raises:
            WebhookSecretUnreadable: nothing can be compared; it is never taken for proven (S-41).
        """
        now = clock.now()
        keys = [one.key for one in self.keys if one.ends_at is None or one.ends_at > now]
        if not keys:
            _log.error("a webhook's secret is missing or does not open: %s", self.actor)
            raise WebhookSecretUnreadable(
                "What it would be compared with cannot be read; nothing was taken", retry_after=AWAY_SECONDS
            )
        return is_verified(self.verification, keys, delivery.headers, delivery.body, now.timestamp())


def source_of(name: str) -> str:
    """The source of the events of an endpoint of this name."""
    return f"/webhooks/{name}"


class Hooks:
    """Finds them for one process."""

    def __init__(self, database: Database, keys: KeyProvider) -> None:
        self._database = database
        self.safe = Safe(keys)
        self._known: dict[str, tuple[float, Hook]] = {}

    def forget(self) -> None:
        """Ask the database again for every address."""
        self._known.clear()

    async def find(self, address: str) -> Hook | None:
        """The endpoint at this address; None: nobody's, deleted, or of a partner or client that is disabled.

        Raises: as the database does when it is away.
        """
        if _ADDRESS.fullmatch(address) is None:
            return None
        known = self._known.get(address)
        if known is not None and known[0] > clock.monotonic():
            return known[1]
        until = clock.monotonic() + REMEMBERED_SECONDS
        async with self._database.doors() as connection:
            found = await connection.fetchrow("SELECT * FROM app.find_inbound_webhook($1)", address)
        if found is None:
            # Not remembered: guesses would fill the memory, and one that was just made must work at once.
            return None
        hook = await self.read(
            TenantId(found["tenant_id"]), found["hook_id"], client_id=found["client_id"], partner_id=found["partner_id"]
        )
        if hook is None:
            return None
        hook = msgspec.structs.replace(hook, is_suspended=found["suspended"])
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[address] = (until, hook)
        return hook

    async def read(self, tenant: TenantId, hook_id: UUID, *, client_id: UUID, partner_id: UUID) -> Hook | None:
        """An endpoint of the tenant, with its secrets opened; None: it has none of this id, or has deleted it."""
        async with self._database.tenant(tenant) as connection:
            rows = await connection.fetch(_READ, tenant, hook_id)
        if not rows or rows[0]["status"] == "deleted":
            return None
        first = rows[0]
        verification = msgspec.json.decode(first["verification"], type=Verification)
        return Hook(
            tenant_id=tenant,
            client_id=client_id,
            partner_id=partner_id,
            hook_id=hook_id,
            name=first["name"],
            is_active=first["status"] == "active",
            is_suspended=False,
            verification=verification,
            event=msgspec.json.decode(first["event"], type=EventOf),
            media_types=tuple(first["media_types"]),
            keys=tuple([key for row in rows if (key := await self._key(verification, tenant, hook_id, row))]),
        )

    async def _key(self, verification: Verification, tenant: TenantId, hook_id: UUID, row: Any) -> Key | None:
        if row["sealed"] is None:
            return None
        try:
            secret = await self.safe.open(Place(tenant, hook_id, row["version"]), row["sealed"])
            return Key(key_of(verification, secret.reveal()), row["ends_at"])
        except (SecretUnreadable, ValueError) as error:
            await alarms.unreadable(self._database, Scope.tenant(tenant), ids.show("hok", hook_id), error)
            return None
