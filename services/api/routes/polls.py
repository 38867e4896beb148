"""What a connection watches, as the API shows it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.connectors.polling import polls
from tenants.connections import service

TAGS: Final = ["connections"]


class PollView(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger of the connection's connector that is asked over and over, or was."""

    trigger: Annotated[str, Meta(examples=["orders"])]
    watched: Annotated[bool, Meta(description="Whether the setting `watch` names it, and the connection is active.")]
    since: Annotated[Instant, Meta(description="When it was watched first.")]
    last_answer_at: Annotated[Instant | None, Meta(description="Whose news was taken in.")]
    next_at: Annotated[Instant | None, Meta(description="When it is asked next, or at the latest.")]
    failures: Annotated[int, Meta(description="In a row; from the third on there is an exception.")]
    failure: Annotated[str | None, Meta(description="Why the last one failed.")]


class PollList(msgspec.Struct, frozen=True):
    items: list[PollView]


@get(tenant_paths("/connections/{connection:str}/polls"), summary="Read what a connection watches", tags=TAGS)
async def list_polls(request: Call) -> PollList:
    """By trigger. Empty where nothing of it was ever watched; what may be is the connector's to say."""
    connection_id, tenant = request.path_id("con", "connection"), request.tenant.tenant_id
    async with request.transaction() as session:
        await service.find(session, tenant, connection_id)
    async with request.resources.database.tenant(tenant) as transaction:
        rows = await polls.of_connection(transaction, tenant, connection_id)
    return PollList([_view(row) for row in rows])


def _view(row: polls.Shown) -> PollView:
    return PollView(
        trigger=row.trigger,
        watched=row.due_at is not None,
        since=row.began_at,
        last_answer_at=row.polled_at,
        next_at=row.due_at,
        failures=row.failures,
        failure=row.failure,
    )


HANDLERS: Final = (list_polls,)
