from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import ClientStatus, Cursor, Environment, Instant, Limit, NextCursor, Slug
from services.api.routes.clients import partner_of
from tenants.organizations import fleet

TAGS: Final = ["clients"]
_NUMBERS: Final = (
    *("open_runs", "suspended_runs", "faulted_runs", "exceptions", "oldest_exception", "outages", "deployments"),
    *("last_run_at", "counted_at"),
)


class FleetItem(msgspec.Struct, frozen=True, kw_only=True):
    """An environment of a client, in numbers; each is counted to 10,000."""

    client: Annotated[str, Meta(description="Id of the client.")]
    slug: Slug
    status: ClientStatus
    environment: Environment
    open_runs: int
    suspended_runs: int
    faulted_runs: Annotated[int, Meta(description="That are kept, whether somebody has looked at them or not.")]
    exceptions: Annotated[int, Meta(description="That nobody has closed.")]
    oldest_exception: Instant | None
    outages: Annotated[int, Meta(description="Connections that are away.")]
    deployments: Annotated[int, Meta(description="That are active.")]
    last_run_at: Annotated[Instant | None, Meta(description="When the last run began.")]
    counted_at: Instant


class FleetTotals(msgspec.Struct, frozen=True, kw_only=True):
    environments: int
    open_runs: int
    suspended_runs: int
    faulted_runs: int
    exceptions: int
    outages: int


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    items: list[FleetItem]
    totals: Annotated[FleetTotals, Meta(description="Of all environments that `partner` and `environment` name.")]
    next: NextCursor


@get("/v1/fleet", summary="See all clients at a glance", tags=TAGS)
async def read_fleet(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    environment: Annotated[str | None, QueryParameter(description="Only those of this name.", required=False)] = None,
    only: Annotated[
        Literal["troubled"] | None,
        QueryParameter(description="`troubled`: where an exception is open or a connection away.", required=False),
    ] = None,
    partner: Annotated[str | None, QueryParameter(description="Only clients of this partner.", required=False)] = None,
) -> Fleet:
    """From numbers that are kept beside the work, some minutes old at most. No data of a client is looked at."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        whose = await partner_of(request, session, partner)
        rows, last = await fleet.list_fleet(
            session, whose, page, environment=environment, needs_somebody=only is not None
        )
        totals = await fleet.totals(session, whose, environment=environment)
    return Fleet(items=[_item(row) for row in rows], totals=FleetTotals(**totals), next=request.cursor(last))


def _item(row: fleet.Line) -> FleetItem:
    numbers, tenant, client = row
    counted: dict[str, Any] = {name: getattr(numbers, name) for name in _NUMBERS}
    counted |= {"slug": client.slug, "status": client.status, "environment": tenant.environment}
    return FleetItem(client=ids.show("cli", client.client_id), **counted)


HANDLERS: Final = (read_fleet,)
