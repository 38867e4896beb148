"""Holds for readers. Every function runs inside a transaction of the tenant."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, cast, desc, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from infra.problems import NotFound
from services.holds.subjects import What
from services.holds.tables import HoldRow, HoldSubject

Row = Mapping[Any, Any]
Sort = Literal["age", "value", "due"]
Status = Literal["active", "cleared", "overridden"]
_NEVER: Final = literal("infinity", Text())


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold.

    Attributes:
        customer: of the order, or the customer itself.
        least_value: in minor units of `currency`; one without a value is not found by it.
        due_before: one that is never due is not found by it.
    """

    status: Status = "active"
    on: What | None = None
    key: str | None = None
    type: str | None = None
    role: str | None = None
    customer: str | None = None
    site: str | None = None
    run: UUID | None = None
    currency: str | None = None
    least_value: int | None = None
    due_before: datetime | None = None


_UNSHOWN: Final = frozenset({"raise_keys", "worth", "due", "tenant_id", "salt"})
_COLUMNS: Final = (
    *(
        column
        for column in HoldRow.__table__.columns
        if column.name not in {"raise_keys", "worth", "due", "tenant_id", "salt"}
    ),
    func.nullif(HoldRow.due, cast(_NEVER, HoldRow.due.type)).label("due"),
    HoldSubject.customer,
    HoldSubject.site,
)
# What a page is ordered by before the id, and whether the highest comes first.
_ORDERS: Final = {"value": (HoldRow.worth, True), "due": (HoldRow.due, False)}


async def list_holds(session: AsyncSession, tenant: UUID, page: Page, only: Filter, sort: Sort) -> list[Row]:
    """One row more than the page holds: the oldest, the most valuable or the most urgent first. See `position`."""
    return list((await session.execute(_listing(tenant, page, only, sort))).mappings())


def position(row: Row, sort: Sort) -> str:
    """Where a page that ends with `row` goes on."""
    return str(row["hold_id"]) if sort == "age" else f"{row['place']} {row['hold_id']}"


async def read_hold(session: AsyncSession, tenant: UUID, hold: UUID) -> Row:
    """Raises NotFound: the tenant has none of this id."""
    found = await session.execute(_joined(_COLUMNS, tenant).where(HoldRow.hold_id == hold))
    row: Row | None = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def summary(session: AsyncSession, tenant: UUID, only: Filter) -> list[Row]:
    """How many there are of each type, role and currency, what they hold up, and the most urgent of each."""
    groups = (HoldRow.type, HoldRow.owner_role, HoldRow.currency)
    columns = (
        *groups,
        func.count().label("count"),
        func.sum(HoldRow.value).label("value"),
        func.min(HoldRow.raised_at).label("oldest"),
        func.nullif(func.min(HoldRow.due), cast(_NEVER, HoldRow.due.type)).label("next_due"),
    )
    query = _found(columns, tenant, only).group_by(*groups).order_by(*groups)
    return list((await session.execute(query)).mappings())


async def find(session: AsyncSession, tenant: UUID, only: Filter, most: int, counted: int) -> tuple[list[Row], int]:
    """The oldest `most` that `only` finds, and how many there are, counted up to `counted`."""
    some = _found((HoldRow.hold_id,), tenant, only).order_by(HoldRow.hold_id).limit(counted)
    count = await session.scalar(select(func.count()).select_from(some.subquery()))
    return (await list_holds(session, tenant, Page(most), only, "age"))[:most], count or 0


def _listing(tenant: UUID, page: Page, only: Filter, sort: Sort) -> Select[Any]:
    """Read from an index in its order, with conditions that row-level security lets an index answer."""
    query = _found(_COLUMNS, tenant, only)
    if sort == "age":
        if page.after is not None:
            query = query.where(HoldRow.hold_id > UUID(page.after))
        return query.order_by(HoldRow.hold_id).limit(page.limit + 1)
    column, falls = _ORDERS[sort]
    query, both = query.add_columns(cast(column, Text).label("place")), (column, HoldRow.hold_id)
    if page.after is not None:
        place, _, last = page.after.rpartition(" ")
        seen = tuple_(cast(literal(place, Text()), column.type), literal(UUID(last)))
        query = query.where(tuple_(*both) < seen if falls else tuple_(*both) > seen)
    return query.order_by(*[desc(one) for one in both] if falls else both).limit(page.limit + 1)


def _found(columns: Iterable[Any], tenant: UUID, only: Filter) -> Select[Any]:
    query = _joined(columns, tenant).where(HoldRow.status == only.status)
    conditions: Sequence[tuple[Any, Callable[[Any, Any], Any], Any]] = (
        (HoldRow.kind, operator.eq, only.on),
        (HoldRow.key, operator.eq, only.key),
        (HoldRow.type, operator.eq, only.type),
        (HoldRow.owner_role, operator.eq, only.role),
        (HoldSubject.customer, operator.eq, only.customer),
        (HoldSubject.site, operator.eq, only.site),
        (HoldRow.run_id, operator.eq, only.run),
        (HoldRow.currency, operator.eq, only.currency),
        (HoldRow.value, operator.ge, only.least_value),
        (HoldRow.due, operator.lt, only.due_before),
    )
    for column, holds, wanted in conditions:
        if wanted is not None:
            query = query.where(holds(column, wanted))
    return query


def _joined(columns: Iterable[Any], tenant: UUID) -> Select[Any]:
    """With the order or the customer that it is on."""
    of_subject = (
        (HoldSubject.tenant_id == HoldRow.tenant_id)
        & (HoldSubject.kind == HoldRow.kind)
        & (HoldSubject.key == HoldRow.key)
    )
    return select(*columns).select_from(HoldRow).join(HoldSubject, of_subject).where(HoldRow.tenant_id == tenant)
