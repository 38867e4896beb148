from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import clock
from services.api import exception_filters
from services.api.call import Call
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
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.api.routes.exceptions import TAGS
from services.exceptions import grouping
from services.exceptions.grouping import By


class GroupedExceptions(msgspec.Struct, frozen=True, kw_only=True):
    """Open exceptions that have one thing in common, and their currency."""

    group: Annotated[str | None, Meta(description="What they have in common; null: none.", examples=["north"])]
    currency: str | None
    count: int
    late: Annotated[int, Meta(description="Of them past `breach_at`, as of the last sweep.")]
    value: Annotated[int | None, Meta(description="Of all of them together, in minor units of the currency.")]
    at_risk: Annotated[int | None, Meta(description="Their values, each times its probability to be late.")]
    oldest: Instant
    next_breach: Instant


class ExceptionGroups(msgspec.Struct, frozen=True, kw_only=True):
    by: By
    count: Annotated[int, Meta(description="Of all groups here.")]
    items: Annotated[list[GroupedExceptions], Meta(description="The riskiest first; 500 at most.")]


Grouped = Annotated[
    By,
    QueryParameter(
        description="What they are grouped by; `system`: the connection, `kind`: as the template names it.",
        required=False,
    ),
]


@get(tenant_paths("/exceptions/groups"), summary="Group open exceptions", tags=TAGS)
async def group_exceptions(
    request: Call,
    by: Grouped = "category",
    queue: QueueFilter = "all",
    category: CategoryFilter = None,
    connection: ConnectionFilter = None,
    deployment: DeploymentFilter = None,
    template: TemplateFilter = None,
    owner: OwnerFilter = None,
    kind: KindFilter = None,
    warehouse: WarehouseFilter = None,
    segment: SegmentFilter = None,
    order_type: OrderTypeFilter = None,
    channel: ChannelFilter = None,
    stage: StageFilter = None,
) -> ExceptionGroups:
    """How many there are by warehouse, customer segment, order type, channel, stage or system, and what is at risk."""
    only = exception_filters.narrowed(category, connection, deployment, template, owner)
    only = exception_filters.cut_by(only, kind, warehouse, segment, order_type, channel, stage)
    only = await exception_filters.offered(request, only, queue)
    async with request.transaction() as session:
        rows = await grouping.groups(session, request.tenant.tenant_id, only, by, clock.now().timestamp())
    items = [_group(row) for row in rows]
    return ExceptionGroups(by=by, count=sum(one.count for one in items), items=items)


def _group(row: Any) -> GroupedExceptions:
    whole = {name: None if row[name] is None else round(row[name]) for name in ("value", "at_risk")}
    return GroupedExceptions(**{**row, **whole})


HANDLERS: Final = (group_exceptions,)
