from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.engine import outages
from tenants.connections import service

TAGS: Final = ["connections"]


class WaitingRuns(msgspec.Struct, frozen=True, kw_only=True):
    """The runs that wait for the connection now."""

    runs: Annotated[int, Meta(description="10,000 for more.")]
    oldest: Annotated[Instant | None, Meta(description="When the first of them was begun.")]
    business_keys: Annotated[list[str], Meta(description="Of the oldest of them, at most twenty.")]


class OutageView(msgspec.Struct, frozen=True, kw_only=True):
    """The connection's last outage, and what it touches."""

    since: Instant
    reason: Annotated[str, Meta(examples=["it answered with status 503"])]
    ended_at: Annotated[Instant | None, Meta(description="null while it lasts.")]
    next_try_at: Annotated[Instant | None, Meta(description="When one call tries whether it is over.")]
    waiting: WaitingRuns


class LastOutage(msgspec.Struct, frozen=True):
    """`outage`: null for a connection that had none so far."""

    outage: OutageView | None


@get(tenant_paths("/connections/{connection:str}/outage"), summary="Read a connection's outage", tags=TAGS)
async def read_outage(request: Call) -> LastOutage:
    """A connection that keeps failing is left alone: its runs wait, and go on by themselves when it is back."""
    connection_id, tenant = request.path_id("con", "connection"), request.tenant.tenant_id
    async with request.transaction() as session:
        await service.find(session, tenant, connection_id)
    async with request.resources.database.tenant(tenant) as transaction:
        told = await outages.told(transaction, tenant, connection_id)
    if told is None:
        return LastOutage(None)
    waiting = WaitingRuns(runs=told.runs, oldest=told.oldest, business_keys=told.business_keys)
    outage = OutageView(
        since=told.since, reason=told.reason, ended_at=told.ended_at, next_try_at=told.next_try_at, waiting=waiting
    )
    return LastOutage(outage)


HANDLERS: Final = (read_outage,)
