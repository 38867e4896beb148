"""Exceptions for readers. Every function runs inside a transaction of the tenant."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, cast, desc, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page
from infra.problems import NotFound
from services.engine.tables import Run
from services.exceptions.categories import Category
from services.exceptions.tables import ExceptionRow
from tenants.deployments.models import Deployment, DeploymentRevision, WorkflowVersion

Row = Mapping[Any, Any]
Sort = Literal["age", "value", "deadline"]
State = Literal["open", "resolved", "discarded"]
NOBODY: Final = "none"
"""Of a filter by owner: those that nobody owns."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold.

    Attributes:
        connection: that it is about; where that is not known of one that failed or is uncertain, that its run's
            deployment is bound to.
        cause: the type of a fault, or the kind of what happened.
        least_value: in minor units of `currency`; one without a value is not found by it.
        since, until: when it was opened.
        deadline_before: one without a deadline is not found by it.
        owners: one of these; none at all for nobody.
        kind: which of the exceptions that its template names.
        warehouse, channel, order_type, segment, stage: what the desk groups by.
        takes_skip: whether its task may be skipped.
        compensates: whether its document declares what undoes its run.
        but_entries, but_failed: without those of entries, and of failed runs; only_entries: those of entries alone.
    """

    state: State = "open"
    categories: Sequence[Category] | None = None
    ids: Sequence[UUID] | None = None
    run: UUID | None = None
    connection: UUID | None = None
    deployment: UUID | None = None
    template: str | None = None
    cause: str | None = None
    owner: str | None = None
    currency: str | None = None
    least_value: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    deadline_before: datetime | None = None
    but_entries: bool = False
    but_failed: bool = False
    only_entries: bool = False
    takes_skip: bool | None = None
    compensates: bool | None = None
    owners: Sequence[str] | None = None
    kind: str | None = None
    warehouse: str | None = None
    channel: str | None = None
    order_type: str | None = None
    segment: str | None = None
    stage: str | None = None


_BOUND: Final = text(
    "(exception.connection = :shown_connection OR (exception.connection IS NULL"
    " AND exception.category IN ('failed', 'uncertain') AND EXISTS ("
    "SELECT 1 FROM json_each_text(deployment_revision.bindings) b WHERE b.value = :bound_connection"
    " UNION ALL SELECT 1 FROM app.connection_choice c WHERE c.tenant_id = exception.tenant_id"
    " AND c.run_id = exception.run_id AND c.connection_id::text = :bound_connection)))"
)


def _of_kind(member: str) -> Any:
    """What its revision says about its kind."""
    return func.json_extract_path_text(DeploymentRevision.exceptions, ExceptionRow.kind, member)


RUNBOOK: Final = _of_kind("runbook").label("runbook")
COLUMNS: Final = (
    *ExceptionRow.__table__.columns,
    Run.state.label("run_state"),
    Run.business_key,
    Deployment.name.label("deployment_name"),
    WorkflowVersion.name.label("workflow_name"),
    WorkflowVersion.template,
    _of_kind("title").label("kind_title"),
)


# What a page is ordered by before the id, and whether the highest comes first.
_ORDERS: Final[dict[Sort, tuple[Any, bool]]] = {
    "value": (ExceptionRow.worth, True),
    "deadline": (ExceptionRow.due, False),
}


async def list_exceptions(session: AsyncSession, tenant: UUID, page: Page, only: Filter, sort: Sort) -> list[Row]:
    """One row more than the page holds: the oldest, the most valuable or the most urgent first. See `position`."""
    return list((await session.execute(listing(tenant, page, only, sort))).mappings())


def listing(tenant: UUID, page: Page, only: Filter, sort: Sort) -> Select[Any]:
    """Read from an index in its order, with conditions that row-level security lets an index answer."""
    query = found(COLUMNS, tenant, only)
    if sort == "age":
        if page.after is not None:
            query = query.where(ExceptionRow.exception_id > UUID(page.after))
        query = query.order_by(ExceptionRow.exception_id)
    else:
        query = _ordered(query, page, sort)
    return query.limit(page.limit + 1)


def position(row: Row, sort: Sort) -> str:
    """Where a page that ends with `row` goes on."""
    return str(row["exception_id"]) if sort == "age" else f"{row['place']} {row['exception_id']}"


def _ordered(query: Select[Any], page: Page, sort: Sort) -> Select[Any]:
    column, falls = _ORDERS[sort]
    query = query.add_columns(cast(column, Text).label("place"))
    both = (column, ExceptionRow.exception_id)
    if page.after is not None:
        place, _, last = page.after.rpartition(" ")
        seen = tuple_(cast(literal(place, Text()), column.type), literal(UUID(last)))
        query = query.where(tuple_(*both) < seen if falls else tuple_(*both) > seen)
    return query.order_by(*[desc(one) for one in both] if falls else both)


async def read_exception(session: AsyncSession, tenant: UUID, exception: UUID) -> Row:
    """With its runbook. Raises NotFound: the tenant has none of this id."""
    rows = await session.execute(joined((*COLUMNS, RUNBOOK), tenant).where(ExceptionRow.exception_id == exception))
    row: Row | None = rows.mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def summary(session: AsyncSession, tenant: UUID, only: Filter) -> list[Row]:
    """How many there are of each category, connection and currency, what they hold up, and the most urgent of each."""
    groups = (ExceptionRow.category, ExceptionRow.connection, ExceptionRow.currency)
    columns = (
        *groups,
        func.count().label("count"),
        func.sum(ExceptionRow.value).label("value"),
        func.min(ExceptionRow.opened_at).label("oldest"),
        func.min(ExceptionRow.deadline).label("next_deadline"),
    )
    query = found(columns, tenant, only).group_by(*groups).order_by(*groups)
    return list((await session.execute(query)).mappings())


async def find(session: AsyncSession, tenant: UUID, only: Filter, most: int, counted: int) -> tuple[list[Row], int]:
    """The oldest `most` that `only` finds, and how many there are, counted up to `counted`."""
    some = found((ExceptionRow.exception_id,), tenant, only).order_by(ExceptionRow.exception_id).limit(counted)
    count = await session.scalar(select(func.count()).select_from(some.subquery()))
    return (await list_exceptions(session, tenant, Page(most), only, "age"))[:most], count or 0


async def runs_of(session: AsyncSession, tenant: UUID, exceptions: Sequence[UUID]) -> list[UUID]:
    """Of those that are of a run."""
    row = ExceptionRow
    query = select(row.run_id).where(row.tenant_id == tenant, row.exception_id.in_(exceptions), row.run_id.is_not(None))
    return [run for run in await session.scalars(query) if run is not None]


def found(columns: Iterable[Any], tenant: UUID, only: Filter) -> Select[Any]:
    """What the filter finds, joined as `joined` does."""
    row, query = ExceptionRow, joined(columns, tenant).where(ExceptionRow.state == only.state)
    conditions: tuple[tuple[Any, Callable[[Any, Any], Any], Any], ...] = (
        (row.run_id, operator.eq, only.run),
        (row.deployment_id, operator.eq, only.deployment),
        (row.cause, operator.eq, only.cause),
        (row.currency, operator.eq, only.currency),
        (row.category, _among, only.categories),
        (row.exception_id, _among, only.ids),
        (row.owner, _owned, only.owner),
        (row.owner, _among, only.owners),
        (row.kind, operator.eq, only.kind),
        (row.takes_skip, operator.eq, only.takes_skip),
        (row.compensation.is_not(None), operator.eq, only.compensates),
        (row.warehouse, operator.eq, only.warehouse),
        (row.channel, operator.eq, only.channel),
        (row.order_type, operator.eq, only.order_type),
        (row.segment, operator.eq, only.segment),
        (row.stage, operator.eq, only.stage),
        (row.value, operator.ge, only.least_value),
        (row.opened_at, operator.ge, only.since),
        (row.opened_at, operator.lt, only.until),
        (row.deadline, operator.lt, only.deadline_before),
        (func.split_part(WorkflowVersion.template, "@", 1), operator.eq, only.template),
        (row.connection, _about, only.connection),
    )
    for column, holds, wanted in conditions:
        if wanted is not None:
            query = query.where(holds(column, wanted))
    if only.but_failed:
        query = query.where(row.category != "failed")
    if only.only_entries:
        query = query.where(row.run_id.is_not(None), row.mark.is_not(None))
    return query.where(row.run_id.is_(None) | row.mark.is_(None)) if only.but_entries else query


def _among(column: Any, wanted: Sequence[Any]) -> Any:
    return column.in_(wanted)


def _owned(column: Any, owner: str) -> Any:
    return column.is_(None) if owner == NOBODY else column == owner


def _about(_: Any, connection: UUID) -> Any:
    return _BOUND.bindparams(shown_connection=ids.show("con", connection), bound_connection=str(connection))


def joined(columns: Iterable[Any], tenant: UUID) -> Select[Any]:
    """With the run, its deployment and its workflow, where there is one."""
    row, revision = ExceptionRow, DeploymentRevision
    of_run = (Run.tenant_id == row.tenant_id) & (Run.run_id == row.run_id)
    of_revision = (
        (revision.tenant_id == row.tenant_id)
        & (revision.deployment_id == row.deployment_id)
        & (revision.revision == row.revision)
    )
    of_workflow = (WorkflowVersion.tenant_id == row.tenant_id) & (
        WorkflowVersion.workflow_version_id == revision.workflow_version_id
    )
    of_deployment = (Deployment.tenant_id == row.tenant_id) & (Deployment.deployment_id == row.deployment_id)
    query = select(*columns).select_from(row).outerjoin(Run, of_run).outerjoin(revision, of_revision)
    query = query.outerjoin(WorkflowVersion, of_workflow).outerjoin(Deployment, of_deployment)
    return query.where(row.tenant_id == tenant)
