from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import Date, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from tenants.billing.models import Usage


class Filters(msgspec.Struct, frozen=True):
    """`first` and `last` are days in UTC, both included; `kind` None counts every kind."""

    first: date
    last: date
    kind: str | None = None


_DAY: Final = timedelta(1)
Line = tuple[date, str, int]
"""Day in UTC, kind, quantity."""


async def by_day(session: AsyncSession, tenant_id: UUID, page: Page, filters: Filters) -> list[Line]:
    """The newest day first, kinds in order; one line more than the page holds."""
    begin = _midnight(filters.first)
    end = _midnight(min(filters.last, date.max - _DAY) + _DAY)
    day = cast(func.timezone("UTC", Usage.at), Date)
    query = (
        select(day, Usage.kind, func.sum(Usage.quantity))
        .where(Usage.tenant_id == tenant_id, Usage.at >= begin, Usage.at < end)
        .group_by(day, Usage.kind)
        .order_by(day.desc(), Usage.kind.desc())
        .limit(page.limit + 1)
    )
    if filters.kind is not None:
        query = query.where(Usage.kind == filters.kind)
    if page.after is not None:
        after_day, _, after_kind = page.after.partition(" ")
        query = query.having(tuple_(day, Usage.kind) < (date.fromisoformat(after_day), after_kind))
    return [(row[0], row[1], int(row[2])) for row in await session.execute(query)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
