"""News of a system → events that can be taken in; an item that makes none is told, and keeps no other from going on."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

import msgspec

from infra import clock, ids
from infra.problems import Problem
from services.connectors.polling.polls import Due
from services.connectors.sdk.watching import Item, News, Unfit
from services.events import cloud_event
from services.events.catalogue import registry
from services.events.checks import EventChecks
from services.events.cloud_event import CloudEvent
from services.events.errors import EventBreaksSchema
from services.events.received import Received
from services.records import contradictions
from services.records.contradictions import Contradiction
from template_library.status_maps import UnmappedStatus

_DIGEST: Final = 16
_LONGEST: Final = 500
_BREATH: Final = 200
"""Items."""
_PLACES: Final = 5
_ORDER: Final = "sales-order"


class Arrivals(msgspec.Struct, frozen=True):
    """`events`: those that are new, in their order; `refused`: why items make none; `seen`: of the whole answer.

    `unmapped`: orders whose status stands for no state; they are none of `refused`.
    """

    events: list[Received]
    refused: list[str]
    seen: bytes
    unmapped: list[Contradiction] = []


class Origin(msgspec.Struct, frozen=True):
    """Whose events they are: `due`, of the connection of this name; and their type."""

    due: Due
    connection: str
    kind: str

    @property
    def source(self) -> str:
        return f"/connections/{self.connection}/{self.due.trigger}"


async def of(news: News, origin: Origin, seen: bytes, checks: EventChecks) -> Arrivals:
    """What of `news` was not in the answer before, of which `seen` is.

    The keys of events are forgotten after days, and a cursor that includes its own end brings its last items for as
    long as nothing happens.
    """
    due = origin.due
    known = {seen[at : at + _DIGEST] for at in range(0, len(seen), _DIGEST)}
    marks: dict[bytes, None] = {}  # in their order
    events: list[Received] = []
    refused: list[str] = []
    unmapped: list[Contradiction] = []
    for number, one in enumerate(news.items):
        if number % _BREATH == 0:
            await asyncio.sleep(0)  # of a file of thousands of rows; others want the loop
        mark = _mark(one)
        if mark in marks:
            continue
        marks[mark] = None
        if mark in known:
            continue
        if isinstance(one, Unfit) and one.status is not None:
            unmapped.append(_unmapped(one, one.status, origin))
            continue
        try:
            event = _event(one, origin.source, origin.kind)
            await checks.check(due.tenant, event)
        except _NoEvent as none:
            refused.append(none.detail)
        except Problem as problem:
            refused.append(_words(problem))
        else:
            events.append(Received(ids.new(), event, due.actor))
    # An answer without anything says nothing of what was there: it may be there again.
    told = [f"{due.trigger}: {one}"[:_LONGEST] for one in refused]
    return Arrivals(events, told, b"".join(marks) or seen, unmapped)


class _NoEvent(Exception):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def _mark(one: Item | Unfit) -> bytes:
    told: Any = [one.id, one.version] if isinstance(one, Item) else one.item
    return hashlib.sha256(msgspec.json.encode(told)).digest()[:_DIGEST]


def _unmapped(one: Unfit, status: str, origin: Origin) -> Contradiction:
    """The same for all triggers of the connection, and for all orders in that status."""
    refused, connection = UnmappedStatus(status), origin.due.connection
    return contradictions.of_status(refused, _ORDER, origin.connection, one.known_by, connection=connection)


def _event(one: Item | Unfit, source: str, kind: str) -> CloudEvent:
    """Known by the system's id and version: its digest is of these alone, as a system may tell the same in other words.

    Raises:
        _NoEvent: it is not fit to be one.
    """
    if isinstance(one, Unfit):
        raise _NoEvent(one.detail)
    event_id = f"{one.id}@{one.version}" if one.version else one.id
    attributes: dict[str, Any] = {"specversion": "1.0", "id": event_id, "source": source, "type": kind}
    attributes |= {"time": one.time or clock.now().isoformat(), "datacontenttype": "application/json"}
    attributes |= {} if one.subject is None else {"subject": one.subject}
    known = registry.find(kind)
    if known is not None:
        attributes["dataschema"] = registry.urn(known.name, known.version)
    if errors := cloud_event.faults(attributes, one.data):
        raise _NoEvent("; ".join(f"{error['pointer'][1:]} {error['detail']}" for error in errors))
    return CloudEvent(
        id=event_id,
        source=source,
        type=kind,
        subject=one.subject,
        attributes=attributes,
        data=one.data,
        digest=hashlib.sha256(msgspec.json.encode([source, one.id, one.version])).digest(),
    )


def _words(problem: Problem) -> str:
    """Without what the data hold: the partner's people read this, too."""
    if isinstance(problem, EventBreaksSchema):
        places = [error["pointer"] for error in problem.extensions["errors"]]
        more = ", …" if len(places) > _PLACES else ""
        return f"an item breaks {problem.extensions['schema']} at {', '.join(places[:_PLACES])}{more}"
    return problem.detail
