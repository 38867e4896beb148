"""Tries against the budgets of `tenants.identity.budgets`, counted before it is known how they end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from uuid import UUID

from infra.database import Database, Scope
from tenants.identity import attempt_repository as attempts
from tenants.identity.budgets import WINDOW, Budget
from tenants.identity.errors import TooManyAttempts


async def spend(database: Database, partner_id: UUID, counted: Sequence[Budget]) -> None:
    """Count one try against each.

    Raises:
        TooManyAttempts: one is used up; then it counted nowhere.
    """
    async with database.session(Scope.partner(partner_id)) as session:
        now = await attempts.count(session, partner_id, [one.subject for one in counted], WINDOW)
        over = [now[one.subject].left for one in counted if now[one.subject].attempts > one.limit]
        if over:
            raise too_many(max(over).total_seconds())
        await session.commit()


async def forget(database: Database, partner_id: UUID, counted: Sequence[Budget]) -> None:
    """After a success nothing counts any more."""
    async with database.session(Scope.partner(partner_id)) as session:
        await attempts.settle(session, partner_id, forgotten=[one.subject for one in counted], returned=[])
        await session.commit()


async def give_back(database: Database, partner_id: UUID, counted: Sequence[Budget]) -> None:
    """After a success this one try counts no more."""
    async with database.session(Scope.partner(partner_id)) as session:
        await attempts.settle(session, partner_id, forgotten=[], returned=[one.subject for one in counted])
        await session.commit()


def too_many(left: float) -> TooManyAttempts:
    """`left`: seconds until the window is over."""
    seconds = max(1, math.ceil(left))
    return TooManyAttempts(f"Wait {math.ceil(seconds / 60)} min, then try again", headers={"Retry-After": str(seconds)})
