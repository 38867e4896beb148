"""Which deployments an event starts, and on what input."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.engine import candidates, pending
from services.engine.gathering import Gatherings, Judged, Offer
from services.events.received import Received
from template_library.dsl.model import Consumption, EventFilter, RunKeys
from tenants.deployments.priorities import NORMAL, of_event
from tenants.deployments.triggers import Trigger, active_triggers

Passed = tuple[Received, list[Trigger]]
"""An event, and the triggers of one deployment whose attributes it has."""


class Match(msgspec.Struct, frozen=True):
    """A deployment's revision that an event starts. `input` is JSON text: the array of the events.

    `keys`: what its runs are found by; `priority`: their class.
    """

    received: Received
    deployment_id: UUID
    revision: int
    input: str
    keys: RunKeys | None = None
    priority: int = NORMAL


class Matched(msgspec.Struct, frozen=True):
    """What events start at once, and how many of them are to be judged for a deployment."""

    starts: list[Match]
    to_judge: int = 0


async def match(connection: Any, tenant: TenantId, events: list[Received]) -> Matched:
    """Every match, in the order of the events; those that several events make up come behind the others.

    What equal attributes cannot tell becomes a candidate, in the transaction that stores the events.
    """
    kinds = {one.event.type for one in events}
    triggers = {kind: await active_triggers(connection, tenant, kind) for kind in kinds}
    found: list[Match] = []
    gathered: dict[UUID, list[Passed]] = {}
    to_judge: list[tuple[UUID, Received]] = []
    for one in events:
        passed: dict[UUID, list[Trigger]] = {}
        for trigger in triggers[one.event.type]:
            if all(one.event.attributes.get(name) == value for name, value in trigger.attributes.items()):
                passed.setdefault(trigger.deployment_id, []).append(trigger)
        for deployment_id, several in passed.items():
            if several[0].judged:
                to_judge.append((deployment_id, one))
            elif several[0].strategy == "all":
                gathered.setdefault(deployment_id, []).append((one, several))
            else:
                found.append(_match(one, several[0], f"[{one.event.content()}]"))
    await candidates.add(connection, tenant, to_judge)
    # In the order of their ids, so that two transactions that hold one each do not wait for each other.
    for deployment_id in sorted(gathered):
        found += await _gathered(connection, tenant, gathered[deployment_id])
    return Matched(found, len(to_judge))


def _match(received: Received, trigger: Trigger, text: str) -> Match:
    priority = of_event(received.event.attributes, trigger.priority)
    return Match(received, trigger.deployment_id, trigger.revision, text, trigger.keys, priority)


async def _gathered(connection: Any, tenant: TenantId, arrived: list[Passed]) -> list[Match]:
    """What becomes complete with the events that `arrived` for one deployment."""
    trigger = arrived[0][1][0]
    place = pending.Place(tenant, trigger.deployment_id, trigger.revision)
    await pending.lock(connection, trigger.deployment_id)
    on = Consumption("all", (EventFilter(()),) * trigger.places)
    waiting = await pending.read(connection, place)
    before = pending.keys_of(waiting)
    gatherings = Gatherings(on, {}, waiting)
    found = []
    for received, triggers in arrived:
        judged = Judged(received.event_id, tuple(Offer(one.place) for one in triggers))
        for events in await gatherings.add(judged):
            text = (await pending.contents(connection, tenant, events)).text
            found.append(_match(received, trigger, text))
    await pending.write(connection, place, before, gatherings)
    return found
