"""A secret that does not open is an alarm: its row was moved or altered, or a key is missing (S-71)."""

from __future__ import annotations

import logging
from typing import Final
from uuid import UUID

from infra import clock, ids
from infra.database import Database, surviving
from infra.encryption.errors import SecretUnreadable
from infra.telemetry import instruments
from tenants.audit import writing as audit

ACTION: Final = "secret.unreadable"
AGAIN_SECONDS: Final = 300.0
_MOST: Final = 10_000
_log: Final = logging.getLogger(__name__)
_told: Final[dict[UUID, float]] = {}


async def unreadable(database: Database, tenant_id: UUID, connection_id: UUID, error: SecretUnreadable) -> None:
    """Count it, log it, and write it into the tenant's audit; of one connection once in five minutes a process."""
    instruments.SECRETS_UNREADABLE.add(1)
    last = _told.get(connection_id)
    if last is not None and clock.monotonic() < last + AGAIN_SECONDS:
        return
    if len(_told) >= _MOST:
        _told.clear()
    _told[connection_id] = clock.monotonic()
    target = ids.show("con", connection_id)
    _log.error("a stored secret cannot be read: %s", error.detail, extra={"connection": target})
    with surviving("noting that a stored secret cannot be read"):
        async with database.tenant(tenant_id) as connection:
            await audit.write(
                connection, tenant_id, actor="engine", action=ACTION, target=target, after={"why": error.detail}
            )
