"""Begins the runs whose time has come (ADR 0025)."""

from __future__ import annotations

from typing import Any

from infra import ids
from infra.database import Database, is_outage, surviving
from infra.ids import TenantId
from services.engine import starter
from tenants.deployments.schedules import Due, following
from tenants.deployments.triggers import declared

MOST = 200


async def begin_due(database: Database) -> tuple[int, float | None]:
    """Begin what is due: how many runs, and the seconds until the next time, None when there is none.

    Safe to run in every worker at once: one of them moves a time on and begins its run, in one commit.
    """
    begun = 0
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.due_schedules($1)", MOST)
    for row in rows:
        # One that fails keeps no other from its time.
        with surviving("beginning a scheduled run"):
            due = Due(**row)
            try:
                async with database.tenant(due.tenant_id) as connection:
                    begun += await _begin(connection, due)
            except Exception as error:
                if not is_outage(error):
                    await _miss(database, due, error)
                raise
    async with database.doors() as connection:
        seconds = await connection.fetchval("SELECT app.next_schedule()")
    return begun, seconds


async def _miss(database: Database, due: Due, error: Exception) -> None:
    """Somebody is to look at it; the time stays, and is tried again with each sweep."""
    async with database.tenant(due.tenant_id) as connection:
        await connection.execute(
            "SELECT app.note_exception($1, 'missed', $2, $3, $4)",
            due.tenant_id,
            due.deployment_id,
            f"schedule.{due.kind}",
            f"no run could be begun: {type(error).__name__}; the worker's log has more",
        )


async def _begin(connection: Any, due: Due) -> bool:
    run = ids.new()
    moved = await connection.fetchval(
        "UPDATE app.schedule SET next_at = $5, run_id = $6 "
        "WHERE tenant_id = $1 AND deployment_id = $2 AND kind = $3 AND next_at = $4 RETURNING true",
        due.tenant_id,
        due.deployment_id,
        due.kind,
        due.next_at,
        following(due),
        run,
    )
    if not moved:
        return False
    its = await declared(connection, due.tenant_id, due.deployment_id, due.revision)
    beginning = starter.Beginning(
        run_id=run,
        deployment_id=due.deployment_id,
        revision=due.revision,
        input="null",
        actor="schedule",
        cause={"schedule": due.kind, "at": due.next_at.isoformat(), "revision": due.revision},
        keys=its.keys,
        priority=its.priority,
    )
    await starter.begin(connection, TenantId(due.tenant_id), [beginning])
    await connection.execute(
        "UPDATE app.exception SET state = 'resolved', outcome = 'went-on', closed_by = 'engine', "
        "closed_at = clock_timestamp() WHERE tenant_id = $1 AND state = 'open' "
        "AND mark = app.exception_mark('missed', $2, $3, '')",
        due.tenant_id,
        due.deployment_id,
        f"schedule.{due.kind}",
    )
    return True
