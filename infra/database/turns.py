"""Changes of one thing follow each other, where the thing is several rows, or none yet."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def take_turn(session: AsyncSession, *thing: object) -> None:
    """Wait until nobody else changes `thing`, such as `("owners", tenant_id)`; nobody does until this transaction ends.

    Only who asks is held back, so every change of the thing asks.
    """
    key = "/".join(map(str, thing))
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 43))))
