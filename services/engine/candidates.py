"""Events that may begin runs, as rows (`app.candidate`): written with the event, removed with what followed."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.engine import values
from services.events.received import Received

MOST: Final = 100
"""Events of one deployment that one round judges."""


class Candidate(msgspec.Struct, frozen=True):
    """An event to judge. `event` is in the JSON format, None when it is not kept any more."""

    event_id: UUID
    event: dict[str, Any] | None
    actor: str
    trace: bytes | None


class Deployed(msgspec.Struct, frozen=True):
    """What events are judged by: the present revision of an active deployment."""

    revision: int
    environment: str
    priority: int


async def add(connection: Any, tenant: TenantId, found: list[tuple[UUID, Received]]) -> None:
    """Inside the transaction that stores the events: each with the deployment that it may begin a run of."""
    if found:
        await connection.execute(
            "INSERT INTO app.candidate (tenant_id, deployment_id, event_id, actor, trace) "
            "SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bytea[])",
            tenant,
            [deployment_id for deployment_id, _ in found],
            [one.event_id for _, one in found],
            [one.actor for _, one in found],
            [one.trace for _, one in found],
        )


async def deployed(connection: Any, tenant: TenantId, deployment: UUID) -> Deployed | None:
    """None where the deployment is disabled."""
    row = await connection.fetchrow(
        "SELECT d.revision, t.environment, d.priority FROM app.deployment d JOIN app.tenant t USING (tenant_id) "
        "WHERE d.tenant_id = $1 AND d.deployment_id = $2 AND d.status = 'active'",
        tenant,
        deployment,
    )
    return None if row is None else Deployed(**row)


async def oldest(connection: Any, tenant: TenantId, deployment: UUID) -> list[Candidate]:
    """The next of a deployment, in the order in which they were taken."""
    rows = await connection.fetch(
        "SELECT c.event_id, e.content::text AS content, c.actor, c.trace, c.tries FROM app.candidate c "
        "LEFT JOIN app.event e USING (tenant_id, event_id) "
        "WHERE c.tenant_id = $1 AND c.deployment_id = $2 ORDER BY c.event_id LIMIT $3",
        tenant,
        deployment,
        MOST,
    )
    if rows and rows[0]["tries"]:
        rows = rows[:1]  # alone, so that one which cannot be judged is known from those behind it
    return [Candidate(row["event_id"], _event(row["content"]), row["actor"], row["trace"]) for row in rows]


async def put_off(connection: Any, tenant: TenantId, deployment: UUID) -> tuple[UUID, int] | None:
    """The oldest, whose judging failed, and how often by now."""
    row = await connection.fetchrow(
        "UPDATE app.candidate SET tries = tries + 1 WHERE tenant_id = $1 AND deployment_id = $2 AND event_id = ("
        "SELECT event_id FROM app.candidate WHERE tenant_id = $1 AND deployment_id = $2 ORDER BY event_id LIMIT 1) "
        "RETURNING event_id, tries",
        tenant,
        deployment,
    )
    return None if row is None else (row["event_id"], row["tries"])


async def remaining(connection: Any, tenant: TenantId, deployment: UUID, events: list[UUID]) -> set[UUID]:
    """Those of `events` that nobody else has judged meanwhile."""
    rows = await connection.fetch(
        "SELECT event_id FROM app.candidate WHERE tenant_id = $1 AND deployment_id = $2 AND event_id = ANY ($3)",
        tenant,
        deployment,
        events,
    )
    return {row["event_id"] for row in rows}


async def remove(connection: Any, tenant: TenantId, deployment: UUID, events: list[UUID]) -> None:
    await connection.execute(
        "DELETE FROM app.candidate WHERE tenant_id = $1 AND deployment_id = $2 AND event_id = ANY ($3)",
        tenant,
        deployment,
        events,
    )


def cause(events: list[UUID], revision: int) -> dict[str, Any]:
    """For the audit of a run that they began."""
    named = [ids.show("evt", one) for one in events]
    return {"event": named[-1], "revision": revision} if len(named) == 1 else {"events": named, "revision": revision}


def _event(content: str | None) -> dict[str, Any] | None:
    if content is None:
        return None
    found: dict[str, Any] = values.decode(content, depth=2 * values.DEPTH)
    return found
