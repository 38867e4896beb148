"""What endpoints received, as it came, and once more on request (ADR 0060)."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, UnsetType

from infra import ids
from infra.ids import TenantId
from infra.pagination import cut
from services.api import masking, replaying
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.api.routes.inbound_webhooks import ONE, TAGS
from services.inbound import service, store

State = Annotated[
    Literal["taken", "ignored", "refused"],
    Meta(description="taken: it is an event. ignored: of a type that is not asked for. refused: `problem` says why."),
]


class ReceivedSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose sender was proven, without its content."""

    id: Annotated[str, Meta(examples=["rcv_01h455vb4pex5vsknk084sn02q"])]
    sent_id: Annotated[str, Meta(description="The sender's id; `sha256-…` where it gives none that can be read.")]
    state: State
    event: Annotated[str | None, Meta(examples=["evt_01h455vb4pex5vsknk084sn02q"])]
    type: Annotated[str | None, Meta(description="Of the event.")]
    problem: Annotated[str | None, Meta(description="Type of the problem.", examples=["/problems/webhook-not-mapped"])]
    bytes: int
    replays: Annotated[int, Meta(description="How often it was taken in again by hand.")]
    received_at: Instant


class ReceivedView(ReceivedSummary, frozen=True, kw_only=True):
    """With its content as it came, masked or hidden as a run's. Kept as long as the installation keeps requests."""

    detail: Annotated[str | None, Meta(description="Of the problem.")]
    headers: Annotated[
        list[list[str]] | UnsetType, Meta(description="Those that are read; absent where it is not shown whole.")
    ] = UNSET
    body: Annotated[str | None, Meta(description="Null: it is no UTF-8, or hidden.")]
    body_base64: Annotated[str | None, Meta(description="A body that is no UTF-8.")]


class ReceivedList(msgspec.Struct, frozen=True):
    items: list[ReceivedSummary]
    next: NextCursor


class ReplayedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What the request is now: an event, or nothing that is asked for."""

    id: str
    event: Annotated[str | None, Meta(description="Null: it is of a type that is ignored.")]
    runs: list[str]


StateFilter = Annotated[
    State | None, QueryParameter(name="state", description="Only those in this state.", required=False)
]


@get(tenant_paths(f"{ONE}/received"), summary="List received webhooks", tags=TAGS)
async def list_received(
    request: Call, limit: Limit = 50, cursor: Cursor = None, in_state: StateFilter = None
) -> ReceivedList:
    """Newest first. What nobody proved to have sent is not among them."""
    page, tenant, hook_id = request.page(limit, cursor), request.tenant.tenant_id, request.path_id("hok", "hook")
    async with request.transaction() as session:
        await service.find(session, tenant, hook_id)
    async with request.resources.database.tenant(tenant) as connection:
        rows = await store.received(connection, TenantId(tenant), hook_id, page, in_state)
    kept, last = cut(rows, page, lambda row: str(row["request_id"]))
    return ReceivedList([ReceivedSummary(**_members(row)) for row in kept], request.cursor(last))


@get(tenant_paths(f"{ONE}/received/{{received:str}}"), summary="Read a received webhook", tags=TAGS)
async def read_received(request: Call) -> ReceivedView:
    """As it came, but for what proved its sender."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        row = await store.read(connection, tenant, request.path_id("hok", "hook"), request.path_id("rcv", "received"))
    body, encoded = _shown(row["body"])
    is_whole = request.payloads == "whole"
    if not is_whole:
        body, encoded = _masked(body) if request.payloads == "masked" else None, None
    return ReceivedView(
        **_members(row),
        detail=row["detail"] if is_whole else None,
        headers=msgspec.json.decode(row["headers"]) if is_whole else UNSET,
        body=body,
        body_base64=encoded,
    )


@post(
    tenant_paths(f"{ONE}/received/{{received:str}}/replay"),
    summary="Replay a received webhook",
    tags=TAGS,
    status_code=202,
)
async def replay_received(request: Call) -> ReplayedWebhook:
    """Take a stored request in as its endpoint reads it now, whatever became of it before.

    One that was refused or ignored becomes the event that it would have been. One that was taken becomes another event,
    which begins runs anew. Under the same `Idempotency-Key` that is done once.
    """
    accepted = await replaying.replay(request, request.path_id("hok", "hook"), request.path_id("rcv", "received"))
    return ReplayedWebhook(
        id=str(request.path_params["received"]),
        event=None if accepted is None else ids.show("evt", accepted.event_id),
        runs=[] if accepted is None else [ids.show("run", run) for run in accepted.runs],
    )


def _members(row: Any) -> dict[str, Any]:
    return {
        "id": ids.show("rcv", row["request_id"]),
        "sent_id": row["sent_id"],
        "state": row["state"],
        "event": None if row["event_id"] is None else ids.show("evt", row["event_id"]),
        "type": row["event_type"],
        "problem": None if row["problem"] is None else f"/problems/{row['problem']}",
        "bytes": row["bytes"],
        "replays": row["replays"],
        "received_at": row["received_at"],
    }


def _shown(body: bytes) -> tuple[str | None, str | None]:
    try:
        return body.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(body).decode()


def _masked(body: str | None) -> str | None:
    found = masking.masked(body)
    return bytes(found).decode() if isinstance(found, msgspec.Raw) else found


HANDLERS: Final = (list_received, read_received, replay_received)
