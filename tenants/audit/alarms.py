"""A secret that does not open is an alarm: its row was moved or altered, or a key is missing (S-71)."""

from __future__ import annotations

import logging
from typing import Final

from infra import clock
from infra.database import Database, Scope, surviving
from infra.telemetry import instruments
from tenants.audit import service as audit

ACTION: Final = "secret.unreadable"
AGAIN_SECONDS: Final = 300.0
_MOST: Final = 10_000
_log: Final = logging.getLogger(__name__)
_told: Final[dict[str, float]] = {}


async def unreadable(database: Database, whose: Scope, target: str, error: Exception) -> None:
    """Count it, log it, and write it into the audit of `whose`; of one `target` once in five minutes a process.

    `target`: public id of whose secret it is. A worker's database writes tenants' audits alone.
    """
    instruments.SECRETS_UNREADABLE.add(1)
    last = _told.get(target)
    if last is not None and clock.monotonic() < last + AGAIN_SECONDS:
        return
    if len(_told) >= _MOST:
        _told.clear()
    _told[target] = clock.monotonic()
    why = getattr(error, "detail", type(error).__name__)
    _log.error("a stored secret cannot be read: %s", why, extra={"whose": target})
    with surviving("noting that a stored secret cannot be read"):
        async with database.session(whose) as session:
            await audit.record(session, actor="engine", action=ACTION, target=target, after={"why": why})
            await session.commit()
