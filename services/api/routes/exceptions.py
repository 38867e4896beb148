from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra.pagination import cut
from services.api.call import Call
from services.api.exception_view import ExceptionDetail, ExceptionView, detail, findable, view
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.policy import tenant_paths
from services.exceptions import reading
from services.exceptions.categories import Category
from services.exceptions.reading import Filter, Sort, State

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


CategoryFilter = Annotated[Category | None, QueryParameter(description="Only of this category.", required=False)]
ConnectionFilter = Annotated[
    str | None,
    QueryParameter(
        description="Only about this connection; failed runs, whose deployment is bound to it.", required=False
    ),
]
DeploymentFilter = Annotated[str | None, QueryParameter(description="Only of this deployment.", required=False)]
TemplateFilter = Annotated[
    str | None, QueryParameter(description="Only of the template of this name.", required=False, max_length=64)
]
OwnerFilter = Annotated[
    str | None, QueryParameter(description="Only of this owner; `none`: of nobody.", required=False, max_length=200)
]


Sorted = Annotated[
    Sort,
    QueryParameter(
        required=False,
        description="`age`: the oldest first. `value`: the highest amount first, whatever its currency."
        " `deadline`: the next one first.",
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
    run: RunFilter = None,
    cause: CauseFilter = None,
    currency: CurrencyFilter = None,
    least_value: LeastValue = None,
    since: Since = None,
    until: Until = None,
    deadline_before: DeadlineBefore = None,
) -> ExceptionList:
    """What needs somebody, in the order of what matters most."""
    page = request.page(limit, cursor)
    only = msgspec.structs.replace(
        _of(category, connection, deployment, template, owner),
        state=in_state,
        run=filter_id("run", "run", run),
        cause=cause,
        but_failed=cause is not None and cause not in findable(cause, request.payloads),
        currency=currency,
        least_value=least_value,
        since=since,
        until=until,
        deadline_before=deadline_before,
    )
    async with request.transaction() as session:
        rows = await reading.list_exceptions(session, request.tenant.tenant_id, page, only, sort)
    kept, last = cut(rows, page, lambda row: reading.position(row, sort))
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
    only = _of(category, connection, deployment, template, owner)
    async with request.transaction() as session:
        rows = await reading.summary(session, request.tenant.tenant_id, only)
    groups = [_group(row) for row in rows]
    return ExceptionSummary(sum(one.count for one in groups), groups)


@get(tenant_paths("/exceptions/{exception:str}"), summary="Read an exception", tags=TAGS)
async def read_exception(request: Call) -> ExceptionDetail:
    """With its owner, its note, what became of it, and what its template says is to be done."""
    exception = request.path_id("exc", "exception")
    async with request.transaction() as session:
        row = await reading.read_exception(session, request.tenant.tenant_id, exception)
    return detail(row, request.payloads)


def _of(
    category: Category | None, connection: str | None, deployment: str | None, template: str | None, owner: str | None
) -> Filter:
    """What the list and its summary are both narrowed by."""
    return Filter(
        categories=None if category is None else [category],
        connection=filter_id("con", "connection", connection),
        deployment=filter_id("dep", "deployment", deployment),
        template=template,
        owner=owner,
    )


def _group(row: Any) -> OpenExceptions:
    value = row["value"]
    return OpenExceptions(**{**row, "value": None if value is None else int(value)})


HANDLERS: Final = (list_exceptions, summarize_exceptions, read_exception)
