from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.webhooks import deliveries
from services.webhooks.deliveries import Delivery
from services.webhooks.tables import AttemptRow

TAGS: Final = ["webhooks"]
_OF: Final = "/webhook-endpoints/{endpoint:str}"
_ONE: Final = f"{_OF}/deliveries/{{message:str}}"
State = Annotated[
    Literal["pending", "delivered", "failed"],
    Meta(description="pending: it is tried again at `next_at`; failed: ten tries are used up."),
]
_READERS: Final = "Absent without the permission `payloads:read`."


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One try, and what came of it."""

    number: int
    at: Instant
    milliseconds: int
    status: Annotated[int | None, Meta(description="Of the answer; null when there was none.")]
    error: Annotated[str | None, Meta(description="Why it failed, where the status does not say it.")]
    answer: Annotated[
        str | UnsetType, Meta(description=f"How the receiver's answer begins, at most 4,096 characters. {_READERS}")
    ] = UNSET


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way to one endpoint."""

    id: Annotated[str, Meta(description="The `webhook-id` of every try.", examples=["msg_01h455vb4pex5vsknk084sn02q"])]
    type: str
    subject: Annotated[str | None, Meta(description="What it is about, such as a run.")]
    state: State
    attempts: Annotated[int, Meta(description="How often it was tried, replays included.")]
    last: Annotated[AttemptView | None, Meta(description="The newest try.")]
    next_at: Annotated[Instant | None, Meta(description="Of a pending one.")]
    created_at: Instant
    ended_at: Instant | None


class DeliveryList(msgspec.Struct, frozen=True):
    items: list[DeliveryView]
    next: NextCursor


class DeliveryDetail(DeliveryView, frozen=True, kw_only=True):
    """A delivery with every try, and the body that is sent."""

    tries: list[AttemptView]
    body: Annotated[str | UnsetType, Meta(description=f"As it is signed and sent. {_READERS}")] = UNSET


class ReplayRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    since: Instant
    until: Instant
    which: Annotated[
        Literal["missed", "all"],
        Meta(description="missed: what was not delivered, also while the endpoint was disabled; all: the rest, too."),
    ] = "missed"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    messages: Annotated[int, Meta(description="How many are sent again, 10,000 at most.")]


InState = Annotated[State | None, QueryParameter(name="state", description="Only in this state.", required=False)]


@get(tenant_paths(f"{_OF}/deliveries"), summary="List a webhook endpoint's deliveries", tags=TAGS)
async def list_webhook_deliveries(
    request: Call, limit: Limit = 50, cursor: Cursor = None, in_state: InState = None
) -> DeliveryList:
    """Newest first. They are kept for 30 days."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        endpoint_id = request.path_id("whe", "endpoint")
        rows, last = await deliveries.listed(session, request.tenant.tenant_id, endpoint_id, page, in_state)
    return DeliveryList([DeliveryView(**_members(request, row)) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a webhook delivery", tags=TAGS)
async def read_webhook_delivery(request: Call) -> DeliveryDetail:
    """With its tries, and what was sent."""
    async with request.transaction() as session:
        return await _read(request, session)


@post(tenant_paths(f"{_ONE}/replay"), summary="Send a webhook message again", tags=TAGS, status_code=202)
async def replay_webhook_message(request: Call) -> DeliveryDetail:
    """Under the id that it has, with ten tries anew; also one that came while the endpoint was disabled."""
    endpoint_id, message_id = request.path_id("whe", "endpoint"), request.path_id("msg", "message")
    async with request.transaction() as session:
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        await deliveries.replay(session, tenant_id, endpoint_id, message_id, actor=actor)
        return await _read(request, session)


@post(tenant_paths(f"{_OF}/replay"), summary="Send the webhook messages of a time again", tags=TAGS, status_code=202)
async def replay_webhook_messages(request: Call, data: JSONBody[ReplayRange]) -> Replayed:
    """Of the last 30 days, under the ids that they have, the oldest first."""
    endpoint_id, between = request.path_id("whe", "endpoint"), (data.since, data.until)
    async with request.transaction() as session:
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        sent = await deliveries.replay_range(session, tenant_id, endpoint_id, between, data.which, actor=actor)
    return Replayed(messages=sent)


async def _read(request: Call, session: Any) -> DeliveryDetail:
    endpoint_id, message_id = request.path_id("whe", "endpoint"), request.path_id("msg", "message")
    found, attempts, body = await deliveries.read(session, request.tenant.tenant_id, endpoint_id, message_id)
    return DeliveryDetail(
        **_members(request, found),
        tries=[_attempt(request, one) for one in attempts],
        body=body if request.payloads == "whole" else UNSET,
    )


def _members(request: Call, one: Delivery) -> dict[str, Any]:
    return {
        "id": ids.show("msg", one.row.message_id),
        "type": one.message.type,
        "subject": one.message.subject,
        "state": one.row.state,
        "attempts": one.row.attempts,
        "last": None if one.last is None else _attempt(request, one.last),
        "next_at": one.row.due_at if one.row.state == "pending" else None,
        "created_at": one.message.created_at,
        "ended_at": one.row.ended_at,
    }


def _attempt(request: Call, row: AttemptRow) -> AttemptView:
    """What the receiver said may repeat what it was sent."""
    return AttemptView(
        number=row.number,
        at=row.at,
        milliseconds=row.milliseconds,
        status=row.status,
        error=row.error,
        answer=row.answer if request.payloads == "whole" else UNSET,
    )


HANDLERS: Final = (
    list_webhook_deliveries,
    read_webhook_delivery,
    replay_webhook_message,
    replay_webhook_messages,
)
