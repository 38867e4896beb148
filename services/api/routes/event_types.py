"""The event catalogue, and the schemas that an environment holds its events to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from infra.problems import NotFound
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.events import schemas
from services.events.catalogue.registry import EventType, find, types, urn
from services.events.tables import EventSchema
from template_library.order_states import NEXT

TAGS: Final = ["events"]


class EventTypeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A type of event that everybody knows, without its schema."""

    type: Annotated[str, Meta(examples=["order.captured"], description="One that ends in `.*` is a family of types.")]
    title: str
    record: Annotated[str, Meta(description="What it tells about.", examples=["order"])]
    publisher: Annotated[str, Meta(description="Who usually sends it.")]
    order_state: Annotated[str | None, Meta(description="That an order is in from then on.")]
    service_level: Annotated[int, Meta(description="Seconds, from when it occurred until it should be sent.")]
    version: int
    dataschema: Annotated[str, Meta(description="What an event names to be held to the schema.")]


class EventTypeDetail(EventTypeSummary, frozen=True, kw_only=True):
    """With the JSON Schema of its data."""

    schema: Annotated[dict[str, Any], Meta(description="JSON Schema 2020-12 of `data`.")]


class OrderState(msgspec.Struct, frozen=True):
    """What an order, or a line of it, can be in."""

    state: str
    next: Annotated[list[str], Meta(description="What it may be in next; empty: it ends here.")]


class EventTypeList(msgspec.Struct, frozen=True):
    items: list[EventTypeSummary]
    order_states: list[OrderState]


class NewEventSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the data of events of a type are to be."""

    type: Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f-\x9f*]+$")]
    schema: Annotated[
        dict[str, Any] | None,
        Meta(description="JSON Schema 2020-12 without references, 32 KiB at most. Absent: the catalogue's."),
    ] = None
    enforced: Annotated[bool, Meta(description="Whether events that do not name it are held to it as well.")] = True


class EventSchemaView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a schema that the environment registered."""

    type: str
    version: int
    dataschema: Annotated[str, Meta(examples=["urn:own-event-schema:order.captured:1"])]
    enforced: bool
    schema: dict[str, Any]
    made_at: Instant


class EventSchemaList(msgspec.Struct, frozen=True):
    items: list[EventSchemaView]


@get("/v1/asyncapi.json", summary="The events as an AsyncAPI document", tags=TAGS, media_type="application/json")
async def read_asyncapi(request: Call) -> Response[bytes]:
    """AsyncAPI 3.0, made from the event catalogue."""
    make: Callable[[], bytes] = request.app.state.asyncapi
    return Response(make(), media_type="application/json", headers={"Cache-Control": "no-cache"})


@get("/v1/event-types", summary="List the event types that everybody knows", tags=TAGS)
async def list_event_types() -> EventTypeList:
    """With the states of an order and what may follow each. Other types may be sent, too."""
    states = [OrderState(state, sorted(following)) for state, following in NEXT.items()]
    return EventTypeList([EventTypeSummary(**_members(one)) for one in types().values()], states)


@get("/v1/event-types/{event_type:str}", summary="Read an event type", tags=TAGS)
async def read_event_type(event_type: FromPath[str]) -> EventTypeDetail:
    """With its schema. A type of a family is answered as its family."""
    found = find(event_type)
    if found is None:
        raise NotFound
    return EventTypeDetail(**_members(found), schema=found.schema)


@get(tenant_paths("/event-schemas"), summary="List the schemas of an environment", tags=TAGS)
async def list_event_schemas(request: Call) -> EventSchemaList:
    """The newest version of each, by type; at most 200."""
    async with request.transaction() as session:
        rows = await schemas.newest(session, request.tenant.tenant_id)
        return EventSchemaList([_view(row) for row in rows])


@post(tenant_paths("/event-schemas"), summary="Register a schema for events", tags=TAGS)
async def register_event_schema(request: Call, data: JSONBody[NewEventSchema]) -> EventSchemaView:
    """Holds within five seconds. A schema that differs is the next version.

    One that would break who sends or reads by the version before, or by the catalogue, is refused with
    `incompatible-event-schema`, whose `errors` name each path. An equal one makes no version; `enforced` holds anew.
    """
    tenant = request.tenant.tenant_id
    async with request.creation() as creation:
        row, _ = await schemas.register(
            creation.session, tenant, data.type, data.schema, enforced=data.enforced, actor=request.principal.actor
        )
        answer = creation.answer(_view(row))
    request.resources.event_checks.forget()
    return answer


def _members(one: EventType) -> dict[str, Any]:
    return {
        "type": one.name,
        "title": one.title,
        "record": one.record,
        "publisher": one.publisher,
        "order_state": one.state,
        "service_level": one.seconds,
        "version": one.version,
        "dataschema": urn(one.name, one.version),
    }


def _view(row: EventSchema) -> EventSchemaView:
    return EventSchemaView(
        type=row.type,
        version=row.version,
        dataschema=schemas.own_urn(row.type, row.version),
        enforced=row.enforced,
        schema=row.schema,
        made_at=row.made_at,
    )


HANDLERS: Final = (read_asyncapi, list_event_types, read_event_type, list_event_schemas, register_event_schema)
