"""A record that came of an event is taken in: entity, sighting, what is known now, what is told; one transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.engine import starter
from services.events import cloud_event, store
from services.events.catalogue import registry as catalogue
from services.events.cloud_event import CloudEvent
from services.events.intake import Followed
from services.events.received import Received
from services.records import contradictions, folding, knowing, meeting, queue, references, sightings, told_by
from services.records.contradictions import Contradiction
from services.records.keys import PREFIX, Key
from services.records.knowing import Known
from services.records.mapping.applying import Made
from services.records.mapping.document import ORDER, Mapping, found_at
from services.records.mapping.projection import data_of
from services.records.meeting import Named
from services.records.queue import Waiting
from services.records.sightings import Sighting

_PACKS: Final = "unit-of-measure"


class Taken(msgspec.Struct, frozen=True):
    """An event with its mapping, and what came of it."""

    waiting: Waiting
    version: int
    mapping: Mapping
    event: dict[str, Any]
    made: Made

    @property
    def actor(self) -> str:
        return f"mapping:{self.waiting.mapping}"

    @property
    def at(self) -> datetime:
        """When it was so: as the data say, else the event, else when it came."""
        given = found_at(self.event.get("data"), self.mapping.at) if self.mapping.at else None
        for one in (given, self.event.get("time")):
            try:
                read = datetime.fromisoformat(one) if isinstance(one, str) else None
            except ValueError:
                continue
            if read is not None:
                return read if read.tzinfo else read.replace(tzinfo=UTC)
        return self.waiting.received_at or datetime.now(UTC)


async def take(connection: Any, tenant: TenantId, taken: Taken) -> Followed:
    """All that follows from it. Nothing where somebody else has taken it, or it was taken before.

    Raises:
        NotMade: two connections tell of one system, and nobody has said that they are one. Roll back.
    """
    nothing = Followed({})
    if not await queue.remove(connection, tenant, taken.waiting) or taken.made.record is None:
        return nothing
    record, mapping = taken.made.record, taken.mapping
    own = Named(mapping.record, Key(mapping.system, taken.made.identity))
    theirs = _elsewhere(own, mapping)
    alike = (own, theirs) if theirs else ()
    named = {own, *references.named_by(record, mapping.system, mapping.names)}
    await told_by.keep_apart(connection, tenant, taken.waiting.mapping, mapping, taken.event)
    met = await meeting.meet(connection, tenant, named, actor=taken.actor, one_thing=alike)
    entity = met[own]
    await meeting.hold(connection, tenant, entity)
    sighting = _sighting(taken, entity)
    before = await knowing.known(connection, tenant, entity, mapping.record)
    if not await sightings.write(connection, tenant, sighting, met.values()):
        return nothing
    view = (await sightings.views(connection, tenant, [entity])).get((entity, mapping.system), {})
    said = {name: value for name, value in record.items() if name != "state" or mapping.record != ORDER}
    view = folding.with_said(view, said, sightings.moment(sighting.at), str(sighting.event_id))
    await sightings.put_view(connection, tenant, entity, mapping.system, view)
    after = await knowing.known(connection, tenant, entity, mapping.record)
    told = [_contradictions(taken, entity, one) for one in (before, after)]
    await _tell_contradictions(connection, tenant, *told)
    if theirs is not None:
        is_settled = met[theirs] == entity or await meeting.were_split(connection, tenant, entity, met[theirs])
        say = contradictions.settle if is_settled else contradictions.tell
        await say(connection, tenant, _kept_apart(taken, entity, theirs))
    if mapping.record == _PACKS:
        await queue.again(connection, tenant, "no-conversion")
    return await _publish(connection, tenant, taken, sighting, after)


def _elsewhere(own: Named, mapping: Mapping) -> Named | None:
    """As another system knows the record itself, where the mapping says that its id is that system's."""
    system = mapping.names.get(mapping.record, mapping.system)
    return None if system == mapping.system else Named(own.kind, Key(system, own.key.id))


def _kept_apart(taken: Taken, entity: UUID, theirs: Named) -> Contradiction:
    """Each was told before anybody said that they are one: a person merges them, or changes the mapping."""
    kind, number, system = theirs.kind, theirs.key.id, taken.mapping.system
    return Contradiction(
        record=kind,
        cause="master-data",
        system=system,
        of=f"{number} is of {theirs.key.system}",
        title=f"{system}, {kind} {number}: {theirs.key.system} has one of this number that is kept apart; merge them",
        entity_id=entity,
    )


def _sighting(taken: Taken, entity: UUID) -> Sighting:
    waiting = taken.waiting
    return Sighting(
        sighting_id=ids.new(),
        entity_id=entity,
        event_id=waiting.event_id,
        mapping=waiting.mapping,
        version=taken.version,
        system=taken.mapping.system,
        type=taken.event["type"],
        source=taken.event["source"],
        at=taken.at,
        states=taken.made.states,
    )


async def _tell_contradictions(
    connection: Any, tenant: TenantId, old: dict[str, Contradiction], new: dict[str, Contradiction]
) -> None:
    """What contradicts since now is somebody's; what agrees again is settled."""
    for mark in sorted(new.keys() - old.keys()):
        await contradictions.tell(connection, tenant, new[mark])
    for mark in sorted(old.keys() - new.keys()):
        await contradictions.settle(connection, tenant, old[mark])


def _contradictions(taken: Taken, entity: UUID, known: Known) -> dict[str, Contradiction]:
    kind, number = taken.mapping.record, taken.made.identity
    found = [
        Contradiction(
            record=kind,
            cause="master-data",
            system=one.system,
            of=f"{entity}{one.path}",
            title=f"{one.system}, {kind} {number}: {one.path} is not as {one.leader} says, whose value stands",
            entity_id=entity,
        )
        for one in known.conflicts
    ]
    for (system, line), refused in known.course.refused.items():
        of = f"{number} line {line}" if line else number
        told = contradictions.of_status(refused, kind, system, of)
        found.append(msgspec.structs.replace(told, entity_id=entity))
    return {one.mark: one for one in found}


async def _publish(connection: Any, tenant: TenantId, taken: Taken, sighting: Sighting, known: Known) -> Followed:
    """The events of the catalogue that follow, each stored once by its own id, and all that they set going."""
    events = _events(taken, sighting, known)
    if not events:
        return Followed({})
    depth = taken.waiting.depth or 0
    batch = [Received(ids.new(), event, taken.actor, None, depth) for _, event in events]
    kept = await store.keep(connection, tenant, batch)
    fresh = [one for one in batch if kept[one.key][0] == one.event_id]
    names = [name for name, _ in events if name]
    await sightings.told(connection, tenant, sighting.sighting_id, names, [one.event_id for one in fresh])
    return await starter.follow(connection, tenant, fresh)


def _events(taken: Taken, sighting: Sighting, known: Known) -> list[tuple[str, CloudEvent]]:
    """With the name of an order's turn that each tells. What is an event of the catalogue already is told by itself."""
    if catalogue.find(sighting.type) is not None:
        return []
    at, came = sightings.moment(sighting.at), ids.show("evt", sighting.event_id)
    if known.kind != ORDER:
        type_ = taken.mapping.events.get(sighting.type)
        told = _Told(type_ or "", f"{came}:{taken.waiting.mapping}", at, known.record)
        return [("", _event(taken, sighting, told))] if type_ else []
    # Of an order that nobody has told whole its turns are told when somebody does.
    turns = [one for one in known.course.turns if known.is_whole and one.name not in known.told]
    return [
        (
            one.name,
            _event(
                taken, sighting, _Told(_type_of(one.state), one.name, one.by.at, {**known.record, "state": one.state})
            ),
        )
        for one in turns
    ]


class _Told(msgspec.Struct, frozen=True):
    """An event of the catalogue: its type, what makes it the same within its record, when it was so."""

    type: str
    name: str
    at: str
    record: dict[str, Any]


def _event(taken: Taken, sighting: Sighting, told: _Told) -> CloudEvent:
    entity = ids.show(PREFIX, sighting.entity_id)
    body = {
        "specversion": "1.0",
        "id": f"{entity}:{told.name}",
        "source": store.TRANSLATED,
        "type": told.type,
        "subject": taken.made.identity,
        "time": told.at,
        "causationid": ids.show("evt", sighting.event_id),
        "entity": entity,
        "data": taken.made.tells or data_of(taken.mapping.record, told.record, entity, told.type),
    }
    return cloud_event.read({"content-type": cloud_event.STRUCTURED}, msgspec.json.encode(body))


def _type_of(state: str) -> str:
    return next(one.name for one in catalogue.types().values() if one.record == "order" and one.state == state)
