"""Everything that happened to one record, across systems, workflows and people, in order (ADR 0081).

`connection` (asyncpg) is in a transaction of the tenant. Nothing is written for the purpose: sightings, the history of
the cross-reference, runs and their journals, decisions, exceptions and the audit are read together.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.pagination import Page, cut
from services.records import meeting, timeline_sources
from services.records.errors import UnknownEntity
from services.records.keys import PREFIX

What = Literal[
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
]
MOST_RUNS: Final = 200
"""Of one record, the oldest: their lines are told."""
MOST_EVENTS: Final = 5_000
MOST_STOOD: Final = 1_000
_START: Final = datetime(1, 1, 1, tzinfo=UTC)


class Place(msgspec.Struct, frozen=True):
    """A run, and which document it executes."""

    run_id: UUID
    deployment_id: UUID
    revision: int
    program: str | None


class Scope(msgspec.Struct, frozen=True):
    """What belongs to a record: what turned out to be it, runs that its events began, what stood still of either.

    `is_cut`: there is more of it than is told.
    """

    kind: str
    entities: list[UUID]
    runs: list[Place]
    exceptions: list[UUID]
    is_cut: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. What a line has is what its source knows; the rest is None.

    Attributes:
        key: by which two of one moment are in one order.
        name: of a run its deployment, of a call its task, of an act its action.
        kind, number: of a hold its type, and the line of the order; `reference` is its id. Of a notice its milestone.
        kind, name: of a human task what it is, and the role that it was asked of; `reference` is its id.
        document: its id as people see it; `title` is its name then, and `kind` its media type.
        by: a person or a key, or what in the product did it.
        states: by line of the order, `""` for the order itself.
    """

    what: What
    at: datetime
    key: str
    entity_id: UUID | None = None
    kind: str | None = None
    system: str | None = None
    number: str | None = None
    event_id: UUID | None = None
    type: str | None = None
    mapping: str | None = None
    version: int | None = None
    states: str | None = None
    made: list[UUID] | None = None
    run_id: UUID | None = None
    name: str | None = None
    reference: str | None = None
    operation: str | None = None
    outcome: str | None = None
    exception_id: UUID | None = None
    document: str | None = None
    title: str | None = None
    by: str | None = None
    note: str | None = None


async def scope(connection: Any, tenant: TenantId, entity: UUID) -> Scope:
    """Raises UnknownEntity."""
    kind = await connection.fetchval(
        "SELECT kind FROM app.entity WHERE tenant_id = $1 AND entity_id = $2", tenant, entity
    )
    if kind is None:
        raise UnknownEntity
    entities = await meeting.standing_for(connection, tenant, entity)
    events = await connection.fetch(timeline_sources.EVENTS, tenant, entities, MOST_EVENTS + 1)
    found = sorted({one for row in events[:MOST_EVENTS] for one in (row["event_id"], *row["made"])})
    rows = await connection.fetch(timeline_sources.RUNS, tenant, found, MOST_RUNS + 1)
    runs = [Place(**row) for row in rows[:MOST_RUNS]]
    stood = await connection.fetch(
        timeline_sources.STOOD, tenant, entities, [one.run_id for one in runs], MOST_STOOD + 1
    )
    is_cut = len(events) > MOST_EVENTS or len(rows) > MOST_RUNS or len(stood) > MOST_STOOD
    return Scope(kind, entities, runs, [row["exception_id"] for row in stood[:MOST_STOOD]], is_cut)


async def read(
    connection: Any, tenant: TenantId, of: Scope, calls: Mapping[UUID, Mapping[str, str | None]], page: Page
) -> tuple[list[Line], str | None]:
    """The oldest first, and the position of the next page.

    `calls`: by run the references of its calls, each with the operation that it calls.
    """
    after_at, after_key = _after(page)
    runs = [one.run_id for one in of.runs]
    pairs = [(run, reference) for run in runs for reference in calls.get(run, {})]
    entities = [ids.show(PREFIX, one) for one in of.entities]
    targets = [
        *entities,
        *(ids.show("run", one) for one in runs),
        *(ids.show("exc", one) for one in of.exceptions),
    ]
    given: dict[str, tuple[Any, ...]] = {
        "TOLD": (of.entities,),
        "LINKED": (of.entities,),
        "BEGAN": (runs,),
        "ENDED": (runs,),
        "CALLED": ([run for run, _ in pairs], [reference for _, reference in pairs]),
        "DECIDED": (runs,),
        "OPENED": (of.exceptions,),
        "CLOSED": (of.exceptions,),
        "ACTED": (targets,),
        "FILED": (of.entities, runs),
        "REMOVED": (entities, of.entities),
        **dict.fromkeys(("HELD", "FREED", "NOTIFIED", "ASKED", "ANSWERED"), (of.entities, runs)),
    }
    sources = []
    for name, arguments in given.items():
        query = getattr(timeline_sources, name)
        rows = await connection.fetch(query, tenant, after_at, after_key, page.limit + 1, *arguments)
        sources.append([_line(dict(row), calls) for row in rows])
    together = list(heapq.merge(*sources, key=lambda one: (one.at, one.key)))[: page.limit + 1]
    return cut(together, page, lambda one: f"{one.at.isoformat()}|{one.key}")


def _after(page: Page) -> tuple[datetime, str]:
    if page.after is None:
        return _START, ""
    at, _, key = page.after.partition("|")
    return datetime.fromisoformat(at), key


def _line(row: dict[str, Any], calls: Mapping[UUID, Mapping[str, str | None]]) -> Line:
    if row["what"] == "called":
        row["operation"] = calls[row["run_id"]].get(row["reference"])
    return Line(**row)
