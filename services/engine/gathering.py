"""Starts that need several events (`schedule.on.all`): those that came wait in rows, and each is used once."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.events.received import Received
from tenants.deployments.triggers import Trigger

MOST: Final = 1_000
"""Events that wait for one deployment's others; further ones are not kept."""


class Complete(msgspec.Struct, frozen=True):
    """One event for each filter, in the order of the filters; `received` was the last to come."""

    received: Received
    events: list[UUID]


async def gather(connection: Any, tenant: TenantId, arrived: list[tuple[Received, list[Trigger]]]) -> list[Complete]:
    """What becomes complete with the events that `arrived` for one deployment, each with the filters that it passes.

    One transaction at a time does this for a deployment; call it for several in the order of their ids.
    """
    trigger = arrived[0][1][0]
    place = (tenant, trigger.deployment_id, trigger.revision)
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(trigger.deployment_id))
    rows = await connection.fetch(
        "SELECT place, event_id FROM app.pending_event WHERE tenant_id = $1 AND deployment_id = $2 AND revision = $3 "
        "ORDER BY event_id",
        *place,
    )
    pending = _Pending(trigger.places, [(row["place"], row["event_id"]) for row in rows])
    complete = [
        Complete(received, chosen)
        for received, triggers in arrived
        if (chosen := pending.add(received.event_id, [one.place for one in triggers])) is not None
    ]
    await connection.execute(
        "DELETE FROM app.pending_event WHERE tenant_id = $1 AND deployment_id = $2 AND revision = $3 "
        "AND event_id = ANY ($4)",
        *place,
        [event for one in complete for event in one.events],
    )
    await connection.execute(
        "INSERT INTO app.pending_event (tenant_id, deployment_id, revision, place, event_id) "
        "SELECT $1, $2, $3, * FROM unnest($4::integer[], $5::uuid[]) ON CONFLICT DO NOTHING",
        *place,
        *pending.rows(),
    )
    return complete


class _Pending:
    """Event ids by place, the oldest first."""

    def __init__(self, places: int, rows: list[tuple[int, UUID]]) -> None:
        self._by_place: list[list[UUID]] = [[] for _ in range(places)]
        for place, event in rows:
            self._by_place[place].append(event)

    def add(self, event: UUID, places: list[int]) -> list[UUID] | None:
        """Put `event` where it is missing, else behind others; the whole when that makes it complete."""
        chosen = next((place for place in places if not self._by_place[place]), places[0])
        self._by_place[chosen].append(event)
        if not all(self._by_place):
            return None
        return [waiting.pop(0) for waiting in self._by_place]

    def rows(self) -> tuple[list[int], list[UUID]]:
        found = [(place, event) for place, waiting in enumerate(self._by_place) for event in waiting][:MOST]
        return [place for place, _ in found], [event for _, event in found]
