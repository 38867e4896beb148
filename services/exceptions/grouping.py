"""Open exceptions counted by one thing that they have in common, the riskiest group first (ADR 0116)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, nulls_last
from sqlalchemy.ext.asyncio import AsyncSession

from services.exceptions import reading, risk
from services.exceptions.reading import Filter
from services.exceptions.tables import ExceptionRow

By = Literal["category", "kind", "warehouse", "segment", "order_type", "channel", "stage", "system", "owner"]
MOST: Final = 500
_COLUMNS: Final[Mapping[By, Any]] = {
    "category": ExceptionRow.category,
    "kind": ExceptionRow.kind,
    "warehouse": ExceptionRow.warehouse,
    "segment": ExceptionRow.segment,
    "order_type": ExceptionRow.order_type,
    "channel": ExceptionRow.channel,
    "stage": ExceptionRow.stage,
    "system": ExceptionRow.connection,
    "owner": ExceptionRow.owner,
}


async def groups(session: AsyncSession, tenant: UUID, only: Filter, by: By, as_of: float) -> list[Any]:
    """A row for each value and currency, `MOST` at most; NULL for those that have none.

    Amounts of two currencies are never added up. `as_of`: seconds since 1970.
    """
    row, column = ExceptionRow, _COLUMNS[by]
    risky = func.sum(risk.at_risk(as_of))
    columns = (
        column.label("group"),
        row.currency,
        func.count().label("count"),
        func.count().filter(row.is_late).label("late"),
        func.sum(row.value).label("value"),
        risky.label("at_risk"),
        func.min(row.opened_at).label("oldest"),
        func.min(row.breach_at).label("next_breach"),
    )
    query = reading.found(columns, tenant, only).group_by(column, row.currency)
    query = query.order_by(nulls_last(risky.desc()), func.count().desc(), column, row.currency).limit(MOST)
    return list((await session.execute(query)).mappings())
