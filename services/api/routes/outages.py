from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.api.run_view import RunSummary, summary
from services.engine import incidents, outages, queueing, reading
from tenants.connections import service

TAGS: Final = ["connections"]


class WorthView(msgspec.Struct, frozen=True, kw_only=True):
    """What runs are worth together in one currency."""

    currency: Annotated[str, Meta(description="ISO 4217.", examples=["USD"])]
    amount: Annotated[int, Meta(description="In minor units of the currency.")]
    runs: Annotated[int, Meta(description="That tell their value in it.")]


class WaitingRuns(msgspec.Struct, frozen=True, kw_only=True):
    """The runs that wait for the connection now, in the order in which they go on.

    By deadline; those without one come after, by age.
    """

    runs: Annotated[int, Meta(description="10,000 for more; what is added up is of those.")]
    kinds: Annotated[
        dict[str, int],
        Meta(
            description="How many wait for its return (`connection`), for one of its calls at once (`slot`), for its"
            " rate (`quota`).",
            examples=[{"connection": 12}],
        ),
    ]
    worth: Annotated[list[WorthView], Meta(description="By currency, of the runs that tell their value.")]
    earliest_deadline: Instant | None
    overdue: Annotated[int, Meta(description="That have missed their deadline.")]
    oldest: Annotated[Instant | None, Meta(description="When the first of them was begun.")]
    items: Annotated[list[RunSummary], Meta(description="The first in line first.")]
    next: NextCursor


class OutageView(msgspec.Struct, frozen=True, kw_only=True):
    """The connection's last outage."""

    since: Instant
    reason: Annotated[str, Meta(examples=["it answered with status 503"])]
    ended_at: Annotated[Instant | None, Meta(description="null while it lasts.")]
    next_try_at: Annotated[Instant | None, Meta(description="When one call tries whether it is over.")]
    calls_refused: Annotated[int, Meta(description="That did not go out; each worker tells once a second.")]


class IncidentsView(msgspec.Struct, frozen=True, kw_only=True):
    """Its outages of the last 30 days, the one that lasts among them."""

    outages: int
    minutes: Annotated[float, Meta(description="That they took together.")]
    longest_minutes: float
    calls_refused: int
    available: Annotated[float, Meta(description="Share of the time in which it was not away.", examples=[0.9986])]


class LastOutage(msgspec.Struct, frozen=True):
    """`outage`: null for a connection that had none so far."""

    outage: OutageView | None
    waiting: WaitingRuns
    last_30_days: IncidentsView


@get(tenant_paths("/connections/{connection:str}/outage"), summary="Read a connection's outage", tags=TAGS)
async def read_outage(request: Call, limit: Limit = 50, cursor: Cursor = None) -> LastOutage:
    """Its last outage, and the runs that wait for it: how many, what they are worth, what they have promised.

    A connection that keeps failing is left alone: its runs wait, and go on by themselves when it is back. Runs wait for
    a connection that is well, too, when it is at its limits.
    """
    connection_id, tenant = request.path_id("con", "connection"), request.tenant.tenant_id
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        await service.find(session, tenant, connection_id)
        waiting, last = await _waiting(session, tenant, connection_id, page)
    async with request.resources.database.tenant(tenant) as transaction:
        told = await outages.told(transaction, tenant, connection_id)
        lately = _lately(await incidents.read(transaction, tenant, connection_id))
    outage = None
    if told is not None:
        outage = OutageView(
            since=told.since,
            reason=told.reason,
            ended_at=told.ended_at,
            next_try_at=told.next_try_at,
            calls_refused=told.refused,
        )
    return LastOutage(outage, msgspec.structs.replace(waiting, next=request.cursor(last)), lately)


def _lately(found: incidents.Incidents) -> IncidentsView:
    return IncidentsView(
        outages=found.outages,
        minutes=round(found.seconds / 60, 2),
        longest_minutes=round(found.longest / 60, 2),
        calls_refused=found.refused,
        available=round(found.available, 6),
    )


async def _waiting(session: AsyncSession, tenant: UUID, connection: UUID, page: Page) -> tuple[WaitingRuns, str | None]:
    queue = await queueing.read(session, connection)
    runs, last = await queueing.page(session, connection, page)
    rows = {row["run_id"]: row for row in await reading.read_runs(session, tenant, runs)}
    waiting = WaitingRuns(
        runs=queue.runs,
        kinds=queue.kinds,
        worth=[WorthView(currency=one.currency, amount=one.amount, runs=one.runs) for one in queue.worth],
        earliest_deadline=queue.deadline,
        overdue=queue.overdue,
        oldest=queue.oldest,
        items=[summary(rows[run]) for run in runs if run in rows],
        next=None,
    )
    return waiting, last


HANDLERS: Final = (read_outage,)
