"""Seals the audit at most a minute after a commit, and publishes the heads (ADR 0056, F-31)."""

from __future__ import annotations

import asyncio
from typing import Final

from infra.database import Database, surviving
from infra.encryption.signing_key import SigningKey
from infra.settings import Settings
from tenants.audit import sealer
from tenants.audit.head_objects import heads_of
from tenants.audit.publishing import Publisher

SECONDS: Final = 25.0
"""Between two rounds. With what a round takes, and the oldest open transaction, a row waits less than a minute."""


async def look_after(database: Database, settings: Settings, seconds: float = SECONDS) -> None:
    """Every `seconds`, until cancelled."""
    key, heads = SigningKey(settings.audit_key_file), heads_of(settings)
    publisher = None if heads is None else Publisher(heads, key)
    try:
        while True:
            await one_round(database, key, publisher)
            await asyncio.sleep(seconds)
    finally:
        if publisher is not None:
            await publisher.close()


async def one_round(database: Database, key: SigningKey, publisher: Publisher | None) -> int:
    """Look, seal, publish, drop what is over; answers rows sealed. What fails is logged and done in the next round.

    Where it cannot be looked whether the database was rolled back, nothing is sealed either.
    """
    sealed = 0
    with surviving("sealing the audit"):
        if publisher is not None:
            await publisher.check(database)
        sealed = await sealer.seal(database, key)
        if publisher is not None:
            await publisher.publish(database)
    with surviving("dropping old batches of the audit"):
        await sealer.drop_old(database, key)
    return sealed
