"""Which deployments an event starts, and on what input."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.engine.gathering import gather
from services.events.received import Received
from tenants.deployments.triggers import Trigger, active_triggers


class Match(msgspec.Struct, frozen=True):
    """A deployment's revision that an event starts. `input` is JSON text: the array of the events."""

    received: Received
    deployment_id: UUID
    revision: int
    input: str


async def match(connection: Any, tenant: TenantId, events: list[Received]) -> list[Match]:
    """Every match, in the order of the events; those that several events make up come behind the others.

    A trigger's attributes must all equal the event's.
    """
    kinds = {one.event.type for one in events}
    triggers = {kind: await active_triggers(connection, tenant, kind) for kind in kinds}
    found: list[Match] = []
    gathered: dict[UUID, list[tuple[Received, list[Trigger]]]] = {}
    for one in events:
        passed: dict[UUID, list[Trigger]] = {}
        for trigger in triggers[one.event.type]:
            if all(one.event.attributes.get(name) == value for name, value in trigger.attributes.items()):
                passed.setdefault(trigger.deployment_id, []).append(trigger)
        for deployment_id, several in passed.items():
            if several[0].strategy == "all":
                gathered.setdefault(deployment_id, []).append((one, several))
            else:
                found.append(Match(one, deployment_id, several[0].revision, f"[{one.event.content()}]"))
    for deployment_id in sorted(gathered):
        found += await _gathered(connection, tenant, gathered[deployment_id])
    return found


async def _gathered(connection: Any, tenant: TenantId, arrived: list[tuple[Received, list[Trigger]]]) -> list[Match]:
    trigger, found = arrived[0][1][0], []
    for one in await gather(connection, tenant, arrived):
        rows = await connection.fetch(
            "SELECT event_id, content::text AS content FROM app.event WHERE tenant_id = $1 AND event_id = ANY ($2)",
            tenant,
            one.events,
        )
        contents = {row["event_id"]: row["content"] for row in rows}
        text = ",".join(contents[event] for event in one.events if event in contents)
        found.append(Match(one.received, trigger.deployment_id, trigger.revision, f"[{text}]"))
    return found
