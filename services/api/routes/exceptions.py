from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page, cut
from services.api import exception_filters
from services.api.call import Call
from services.api.errors import BadParameter
from services.api.exception_filters import (
    CategoryFilter,
    ChannelFilter,
    ConnectionFilter,
    DeploymentFilter,
    KindFilter,
    OrderTypeFilter,
    OwnerFilter,
    QueueFilter,
    SegmentFilter,
    StageFilter,
    TemplateFilter,
    WarehouseFilter,
)
from services.api.exception_view import ExceptionDetail, ExceptionView, detail, view
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.policy import tenant_paths
from services.exceptions import history, reading, risk
from services.exceptions.categories import Category
from services.exceptions.reading import Filter, Row, State
from services.exceptions.risk import Sort

TAGS: Final = ["exceptions"]


class ExceptionList(msgspec.Struct, frozen=True):
    items: list[ExceptionView]
    next: NextCursor


class OpenExceptions(msgspec.Struct, frozen=True, kw_only=True):
    """The open exceptions of one category, connection and currency."""

    category: Category
    connection: str | None
    currency: str | None
    count: int
    value: Annotated[int | None, Meta(description="Of all of them together, in minor units of the currency.")]
    oldest: Instant
    next_deadline: Instant | None


class ExceptionSummary(msgspec.Struct, frozen=True):
    count: int
    items: list[OpenExceptions]


Sorted = Annotated[
    Sort,
    QueryParameter(
        required=False,
        description="`age`: the oldest first. `value`: the highest amount first, whatever its currency."
        " `deadline`: the next one first. `risk`, of open ones: the highest value times its probability to be late"
        " first, whatever its currency; those without a value behind all others.",
    ),
]
RunFilter = Annotated[str | None, QueryParameter(description="Only of this run.", required=False)]
CauseFilter = Annotated[
    str | None,
    QueryParameter(
        description="Only of this cause. A type of a fault that is not a standard one finds no failed run for who may"
        " not see the client's business data whole.",
        required=False,
        max_length=500,
    ),
]
CurrencyFilter = Annotated[
    str | None, QueryParameter(description="Only with a value in this currency.", required=False, max_length=3)
]
LeastValue = Annotated[
    int | None,
    QueryParameter(description="Only worth that or more, in minor units.", required=False, ge=0, le=2**53),
]
Since = Annotated[Instant | None, QueryParameter(description="Opened then or later.", required=False)]
Until = Annotated[Instant | None, QueryParameter(description="Opened before.", required=False)]
DeadlineBefore = Annotated[Instant | None, QueryParameter(description="Promised for before then.", required=False)]


@get(tenant_paths("/exceptions"), summary="List exceptions", tags=TAGS)
async def list_exceptions(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: Sorted = "age",
    in_state: Annotated[State, QueryParameter(name="state", description="In this state.", required=False)] = "open",
    category: CategoryFilter = None,
    connection: ConnectionFilter = None,
    deployment: DeploymentFilter = None,
    template: TemplateFilter = None,
    owner: OwnerFilter = None,
    queue: QueueFilter = "all",
    kind: KindFilter = None,
    warehouse: WarehouseFilter = None,
    segment: SegmentFilter = None,
    order_type: OrderTypeFilter = None,
    channel: ChannelFilter = None,
    stage: StageFilter = None,
    run: RunFilter = None,
    cause: CauseFilter = None,
    currency: CurrencyFilter = None,
    least_value: LeastValue = None,
    since: Since = None,
    until: Until = None,
    deadline_before: DeadlineBefore = None,
) -> ExceptionList:
    """What needs somebody, in the order of what matters most."""
    page, of_run = request.page(limit, cursor), filter_id("run", "run", run)
    only = exception_filters.narrowed(category, connection, deployment, template, owner)
    only = exception_filters.caused(only, cause, request.payloads)
    only = exception_filters.cut_by(only, kind, warehouse, segment, order_type, channel, stage)
    only = replace(only, state=in_state, run=of_run, currency=currency, least_value=least_value)
    only = replace(only, since=since, until=until, deadline_before=deadline_before)
    only = await exception_filters.offered(request, only, queue)
    async with request.transaction() as session:
        rows, position = await _read(session, request.tenant.tenant_id, page, only, sort)
    kept, last = cut(rows, page, position)
    return ExceptionList([view(row, request.payloads) for row in kept], request.cursor(last))


@get(tenant_paths("/exceptions/summary"), summary="Count open exceptions", tags=TAGS)
async def summarize_exceptions(
    request: Call,
    category: CategoryFilter = None,
    connection: ConnectionFilter = None,
    deployment: DeploymentFilter = None,
    template: TemplateFilter = None,
    owner: OwnerFilter = None,
) -> ExceptionSummary:
    """How many there are, what they hold up and since when, by category, connection and currency."""
    only = exception_filters.narrowed(category, connection, deployment, template, owner)
    async with request.transaction() as session:
        rows = await reading.summary(session, request.tenant.tenant_id, only)
    groups = [_group(row) for row in rows]
    return ExceptionSummary(sum(one.count for one in groups), groups)


@get(tenant_paths("/exceptions/{exception:str}"), summary="Read an exception", tags=TAGS)
async def read_exception(request: Call) -> ExceptionDetail:
    """With its owner, its note, what was done with it by whom, and the runbook of its kind."""
    exception = request.path_id("exc", "exception")
    async with request.transaction() as session:
        row = await reading.read_exception(session, request.tenant.tenant_id, exception)
        lines = await history.read(session, request.tenant.tenant_id, row)
    found = detail(row, lines, request.payloads)
    request.version(replace(found, probability=0.0, at_risk=None))
    return found


async def _read(
    session: AsyncSession, tenant: UUID, page: Page, only: Filter, sort: Sort
) -> tuple[list[Row], Callable[[Row], str]]:
    """A page's rows, one too many, and where a page goes on."""
    if sort == "risk":
        if only.state != "open":
            raise BadParameter("what is closed is at no risk", parameter="sort")
        return list((await session.execute(risk.listing(tenant, page, only))).mappings()), risk.position
    return await reading.list_exceptions(session, tenant, page, only, sort), partial(reading.position, sort=sort)


def _group(row: Any) -> OpenExceptions:
    value = row["value"]
    return OpenExceptions(**{**row, "value": None if value is None else int(value)})


HANDLERS: Final = (list_exceptions, summarize_exceptions, read_exception)
