"""Which deployments an event starts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.events.received import Received
from tenants.deployments.triggers import active_triggers


class Match(msgspec.Struct, frozen=True):
    """A deployment's revision that an event starts."""

    received: Received
    deployment_id: UUID
    revision: int


async def match(connection: Any, tenant: TenantId, events: list[Received]) -> list[Match]:
    """Every match, in the order of the events. A trigger's attributes must all equal the event's."""
    kinds = {one.event.type for one in events}
    triggers = {kind: await active_triggers(connection, tenant, kind) for kind in kinds}
    return [
        Match(one, trigger.deployment_id, trigger.revision)
        for one in events
        for trigger in triggers[one.event.type]
        if all(one.event.attributes.get(name) == value for name, value in trigger.attributes.items())
    ]
