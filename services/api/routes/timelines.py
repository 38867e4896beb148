"""What is known of an entity, and everything that happened to it."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get
from msgspec import Meta
from msgspec.structs import replace

from infra import ids
from infra.ids import TenantId
from services.api import masking
from services.api.call import Call, Payloads
from services.api.exception_view import words
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.graphs import WorkflowUnreadable
from services.api.policy import tenant_paths
from services.api.routes.entities import EntityId
from services.records import knowing, timeline
from services.records.keys import PREFIX
from services.records.timeline import Line, Scope

TAGS: Final = ["entities"]
_ONE: Final = "/entities/{entity:str}"


class ConflictView(msgspec.Struct, frozen=True):
    """A place of the record at which two systems differ; the leader's value stands."""

    path: str
    leader: str
    system: str


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """What systems said of an entity, in one record."""

    kind: Annotated[str, Meta(examples=["sales-order"])]
    record: Annotated[
        Any, Meta(description="By the record's schema; null where no system said anything. Masked as in a run.")
    ]
    systems: Annotated[list[str], Meta(description="That said something of it.")]
    conflicts: list[ConflictView]


class TimelineLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. What a line has depends on `what`; the rest is null."""

    what: Annotated[
        Literal[
            "told",
            "linked",
            "began",
            "ended",
            "called",
            "decided",
            "acted",
            "stood",
            "settled",
            "filed",
            "removed",
            "held",
            "freed",
            "notified",
            "asked",
            "answered",
        ],
        Meta(
            description="`told`: a system told of it. `linked`: the cross-reference changed. `began`, `ended`: a run."
            " `called`: a run's call of a system. `decided`: a person, about a task. `acted`: what a person did."
            " `stood`, `settled`: an exception. `filed`, `removed`: a document of it or of a run."
            " `held`, `freed`: a hold was raised, and cleared or overridden. `asked`, `answered`: a human task was"
            " made, and closed: `outcome` is what was decided, or `expired`, or `cancelled`."
            " `notified`: a customer was told something by mail, or was not and `note` says why."
        ),
    ]
    at: Instant
    entity: Annotated[EntityId | None, Meta(description="Whom it was told of: it, or what names it.")]
    kind: Annotated[
        str | None,
        Meta(
            description="Of the record that was told of, of the exception, the hold or the human task, or of the"
            " document's content."
        ),
    ]
    system: str | None
    number: Annotated[str | None, Meta(description="By which a system knows it; of a hold the line of the order.")]
    event: Annotated[str | None, Meta(description="Id of the event that was told, or that began the run.")]
    type: Annotated[str | None, Meta(description="Of that event.")]
    mapping: Annotated[str | None, Meta(description="That made the record of it, in `version`.")]
    version: int | None
    states: Annotated[
        dict[str, str | None] | None,
        Meta(description="That an order and its lines are in; the order's own has no name."),
    ]
    events: Annotated[list[str], Meta(description="Ids of the catalogue's events that followed.")]
    run: str | None
    name: Annotated[
        str | None, Meta(description="Of the deployment, the task, the cause or the act; of a human task its role.")
    ]
    reference: Annotated[
        str | None,
        Meta(description="JSON pointer of the task; of an act, a hold and a human task the id of what it is about."),
    ]
    operation: str | None
    outcome: str | None
    exception: str | None
    document: str | None
    title: Annotated[
        str | None,
        Meta(description="Of the exception or the human task, or the document's name: null for who may not see it."),
    ]
    by: str | None
    note: str | None


class Timeline(msgspec.Struct, frozen=True):
    items: list[TimelineLine]
    next: NextCursor
    is_cut: Annotated[
        bool,
        Meta(
            description="It has more than is told: lines of its 200 oldest runs, of 1,000 exceptions, and of what"
            " followed from its first 5,000 events."
        ),
    ]


@get(tenant_paths(f"{_ONE}/record"), summary="Read what is known of an entity", tags=TAGS)
async def read_record(request: Call) -> RecordView:
    """All that systems said of it in one record: of each member what its system of record says."""
    tenant, entity = TenantId(request.tenant.tenant_id), request.path_id(PREFIX, "entity")
    async with request.resources.database.tenant(tenant) as connection:
        of = await timeline.scope(connection, tenant, entity)
        known = await knowing.known(connection, tenant, entity, of.kind)
    record = known.record or None
    if record is not None and request.payloads != "whole":
        record = masking.masked(msgspec.json.encode(record).decode())
    conflicts = [ConflictView(one.path, one.leader, one.system) for one in known.conflicts]
    return RecordView(kind=of.kind, record=record, systems=sorted(known.views), conflicts=conflicts)


@get(tenant_paths(f"{_ONE}/timeline"), summary="Read what happened to an entity", tags=TAGS)
async def read_timeline(request: Call, limit: Limit = 50, cursor: Cursor = None) -> Timeline:
    """The oldest first, across systems, workflows and people: what each line came of is named, payloads are not shown.

    An order's is also what was told of its shipments and invoices.
    """
    tenant, page = TenantId(request.tenant.tenant_id), request.page(limit, cursor)
    async with request.resources.database.tenant(tenant) as connection:
        of = await timeline.scope(connection, tenant, request.path_id(PREFIX, "entity"))
    calls = await _calls(request, tenant, of)
    async with request.resources.database.tenant(tenant) as connection:
        lines, position = await timeline.read(connection, tenant, of, calls, page)
    return Timeline([_view(one, request.payloads) for one in lines], request.cursor(position), of.is_cut)


async def _calls(request: Call, tenant: TenantId, of: Scope) -> dict[UUID, dict[str, str | None]]:
    """By run the references of its calls, each with its operation; none of a document that this version cannot read."""
    drawn: dict[Any, dict[str, str | None]] = {}
    for one in of.runs:
        place = (one.deployment_id, one.revision, one.program)
        if place not in drawn:
            drawn[place] = {}
            with contextlib.suppress(WorkflowUnreadable):
                nodes = (await request.resources.graphs.of_revision(tenant, *place)).graph.nodes
                drawn[place] = {node.reference: node.detail for node in nodes if node.kind == "call"}
    return {one.run_id: drawn[one.deployment_id, one.revision, one.program] for one in of.runs}


def _view(one: Line, payloads: Payloads) -> TimelineLine:
    if one.what in {"held", "freed"}:  # why, in somebody's words
        one = replace(one, note=one.note if payloads == "whole" else None)
    elif one.what in {"asked", "answered"}:
        one = one if payloads == "whole" else replace(one, title=None, note=None)
    elif one.document is not None:  # a file's name says as much as the file
        one = replace(one, title=one.title if payloads == "whole" else None)
    elif one.kind is not None and one.title is not None:  # of an exception
        name, title = words(one.kind, one.name or "", one.title, payloads)
        one = replace(one, name=name, title=title)
    return TimelineLine(
        **{name: getattr(one, name) for name in _SAME},
        entity=_shown(PREFIX, one.entity_id),
        event=_shown("evt", one.event_id),
        run=_shown("run", one.run_id),
        exception=_shown("exc", one.exception_id),
        states=None if one.states is None else msgspec.json.decode(one.states),
        events=[ids.show("evt", made) for made in one.made or ()],
    )


def _shown(prefix: str, one: UUID | None) -> str | None:
    return None if one is None else ids.show(prefix, one)


_SAME: Final = (
    *("what", "at", "kind", "system", "number", "type", "mapping", "version", "name", "reference", "operation"),
    *("outcome", "document", "title", "by", "note"),
)
HANDLERS: Final = (read_record, read_timeline)
