from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import clock
from services.api.call import Call
from services.api.fields import Cursor, Limit, NextCursor
from services.api.policy import tenant_paths
from tenants.billing import service
from tenants.billing.repository import Filters

_DEFAULT_DAYS: Final = 31
First = Annotated[
    date | None,
    QueryParameter(name="from", description="First day, in UTC. Absent: 30 days before `to`.", required=False),
]
Last = Annotated[
    date | None, QueryParameter(name="to", description="Last day, in UTC, included. Absent: today.", required=False)
]


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    day: Annotated[date, Meta(description="In UTC.")]
    kind: Annotated[str, Meta(examples=["run", "call"])]
    quantity: int


class UsageList(msgspec.Struct, frozen=True):
    items: list[UsageLine]
    next: NextCursor


@get(tenant_paths("/usage"), summary="Read usage", tags=["usage"])
async def read_usage(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    first: First = None,
    last: Last = None,
    kind: Annotated[str | None, QueryParameter(description="Only this kind.", required=False, max_length=64)] = None,
) -> UsageList:
    """A line for each day and kind, the newest day first. A period has at most 366 days."""
    end = last or clock.now().date()
    begin = first or end - timedelta(_DEFAULT_DAYS - 1)
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        lines, more = await service.usage(session, request.tenant.tenant_id, page, Filters(begin, end, kind))
        items = [UsageLine(day=day, kind=kind, quantity=quantity) for day, kind, quantity in lines]
        return UsageList(items, request.cursor(more))


HANDLERS: Final = (read_usage,)
