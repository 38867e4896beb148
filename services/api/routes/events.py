from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.pagination import cut
from infra.problems import Forbidden
from services.api.bodies import JSON, require_media_type
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.payloads import DATA_OF_RUN
from services.api.policy import tenant_paths
from services.events import cloud_event, store
from services.events.errors import InvalidEvent
from tenants.deployments.priorities import ATTRIBUTE, NAMES
from tenants.identity.permissions import Permission

TAGS: Final = ["events"]


class AcceptedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The event is stored and the runs that it triggers are started. The same event again gets the same answer."""

    id: Annotated[str, Meta(description="Our id of the event.", examples=["evt_01h455vb4pex5vsknk084sn02q"])]
    runs: Annotated[list[str], Meta(description="Runs that it started; empty when no deployment waits for its type.")]
    mappings: Annotated[
        list[str], Meta(description="Released mappings that make records of it.", examples=[["shop-orders"]])
    ]


class EventSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An event without its content."""

    id: str
    source: str
    event_id: Annotated[str, Meta(description="The sender's id, unique within its source.")]
    type: Annotated[str, Meta(examples=["order.captured"])]
    subject: str | None
    received_at: Instant


class EventView(EventSummary, frozen=True, kw_only=True):
    """An event with its content."""

    content: Annotated[
        Any,
        Meta(
            description="The CloudEvent in the JSON event format; masked as in a run, and null to who sees no payload."
        ),
    ]
    runs: list[str]


class EventList(msgspec.Struct, frozen=True):
    items: list[EventSummary]
    next: NextCursor


@post(tenant_paths("/events"), summary="Send an event", tags=TAGS, status_code=202)
async def send_event(request: Call) -> AcceptedEvent:
    """Takes one CloudEvent 1.0: as `application/cloudevents+json`, or as `application/json` with `ce-` headers.

    Its attribute `runpriority` sets the class of the runs that it begins: `normal`, `bulk`, or `interactive`, which
    takes the permission `runs:write`.

    Answered after the commit. Safe to repeat: an event is taken once per source and id. The same id with other content
    is refused with `event-id-reused`. More than is agreed is refused with `quota-reached`, which says when to send
    again; nothing is stored then.

    Where its attribute `dataschema` names a registered schema, or the environment holds its type to one, its data are
    compared with that: `event-breaks-schema` says where they differ, and nothing is stored.
    """
    require_media_type(request.headers.get("content-type", ""), cloud_event.STRUCTURED, JSON)
    quotas, tenant = request.resources.quotas, TenantId(request.tenant.tenant_id)
    quotas.attend(request.tenant)
    body = await request.body()
    event = cloud_event.read({name.lower(): value for name, value in request.headers.items()}, body)
    if event.source == store.TRANSLATED:
        # Else somebody could take the ids of events that are made of records, before these are.
        errors = [{"pointer": "/source", "detail": "is that of events which are made here"}]
        raise InvalidEvent(f"source {store.TRANSLATED} is that of events which are made here", errors=errors)
    if event.attributes.get(ATTRIBUTE) == NAMES[0] and Permission.RUNS_WRITE not in request.principal.permissions:
        needed = Permission.RUNS_WRITE
        raise Forbidden(f"The permission {needed} is needed for `{ATTRIBUTE}` {NAMES[0]}", permission=needed)
    await quotas.admit(tenant, event, len(body))
    await request.resources.event_checks.check(tenant, event)
    accepted = await request.resources.intake.receive(tenant, event, request.principal.actor)
    if not accepted.repeated:
        quotas.took(request.tenant, len(body))
    request.resources.changes.note([(tenant, run) for run in accepted.runs])
    return AcceptedEvent(
        id=ids.show("evt", accepted.event_id),
        runs=[ids.show("run", run) for run in accepted.runs],
        mappings=list(accepted.mappings),
    )


@get(tenant_paths("/events"), summary="List events", tags=TAGS)
async def list_events(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Annotated[str | None, QueryParameter(name="type", description="Only of this type.", required=False)] = None,
    source: Annotated[str | None, QueryParameter(description="Only of this source.", required=False)] = None,
) -> EventList:
    """Newest first."""
    page, tenant = request.page(limit, cursor), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        rows = await store.list_events(connection, tenant, page, kind=kind, source=source)
    kept, last = cut(rows, page, lambda row: str(row["event_id"]))
    return EventList([EventSummary(**_members(row)) for row in kept], request.cursor(last))


@get(tenant_paths("/events/{event:str}"), summary="Read an event", tags=TAGS)
async def read_event(request: Call) -> EventView:
    """With its content and the runs that it started."""
    event, tenant = request.path_id("evt", "event"), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        row = await store.read_event(connection, tenant, event)
        runs = await store.runs_of(connection, tenant, [event])
    show, _ = DATA_OF_RUN[request.payloads]
    content = show(row["content"])
    return EventView(**_members(row), content=content, runs=[ids.show("run", run) for run in runs[event]])


def _members(row: Any) -> dict[str, Any]:
    return {
        "id": ids.show("evt", row["event_id"]),
        "source": row["source"],
        "event_id": row["id"],
        "type": row["type"],
        "subject": row["subject"],
        "received_at": row["received_at"],
    }


HANDLERS: Final = (send_event, list_events, read_event)
