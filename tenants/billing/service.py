"""The read side of usage; the engine writes it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page, cut
from tenants.billing import repository
from tenants.billing.errors import BadPeriod
from tenants.billing.repository import Filters, Line

LONGEST_DAYS: Final = 366


async def usage(session: AsyncSession, tenant_id: UUID, page: Page, filters: Filters) -> tuple[list[Line], str | None]:
    """What the tenant consumed, a line for each day in UTC and kind, newest first, and the position of the next page.

    Raises:
        BadPeriod: `last` lies before `first`, or the period is longer than 366 days.
    """
    if not 0 <= (filters.last - filters.first).days < LONGEST_DAYS:
        raise BadPeriod(f"`from` may not lie after `to`, and a period has at most {LONGEST_DAYS} days")
    lines = await repository.by_day(session, tenant_id, page, filters)
    return cut(lines, page, lambda line: f"{line[0].isoformat()} {line[1]}")
