"""Which deployments an event starts. Waiting runs join here with the `listen` task."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.events.cloud_event import CloudEvent
from tenants.deployments.triggers import active_triggers


class Match(msgspec.Struct, frozen=True):
    """A deployment's revision that an event starts."""

    event_id: UUID
    event: CloudEvent
    deployment_id: UUID
    revision: int


async def match(connection: Any, tenant: TenantId, events: list[tuple[UUID, CloudEvent]]) -> list[Match]:
    """Every match, in the order of the events. A trigger's attributes must all equal the event's."""
    triggers = {kind: await active_triggers(connection, tenant, kind) for kind in {event.type for _, event in events}}
    return [
        Match(event_id, event, trigger.deployment_id, trigger.revision)
        for event_id, event in events
        for trigger in triggers[event.type]
        if all(event.attributes.get(name) == value for name, value in trigger.attributes.items())
    ]
