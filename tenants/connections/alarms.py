"""A secret that does not open is an alarm: its row was moved or altered, or a key is missing (S-71)."""

from __future__ import annotations

import logging
from typing import Final
from uuid import UUID

from infra import clock
from infra.database import Database, surviving
from infra.encryption.errors import SecretUnreadable
from infra.telemetry import instruments
from tenants.audit import writing as audit

ACTION: Final = "secret.unreadable"
AGAIN_SECONDS: Final = 300.0
_MOST: Final = 10_000
_log: Final = logging.getLogger(__name__)
_told: Final[dict[str, float]] = {}


async def unreadable(database: Database, tenant_id: UUID, target: str, error: SecretUnreadable) -> None:
    """Count it, log it, and write it into the tenant's audit; of one `target` once in five minutes a process.

    `target`: public id of whose secret it is.
    """
    instruments.SECRETS_UNREADABLE.add(1)
    last = _told.get(target)
    if last is not None and clock.monotonic() < last + AGAIN_SECONDS:
        return
    if len(_told) >= _MOST:
        _told.clear()
    _told[target] = clock.monotonic()
    _log.error("a stored secret cannot be read: %s", error.detail, extra={"whose": target})
    with surviving("noting that a stored secret cannot be read"):
        async with database.tenant(tenant_id) as connection:
            await audit.write(
                connection, tenant_id, actor="engine", action=ACTION, target=target, after={"why": error.detail}
            )
