"""What of human tasks nobody rings for: runs that could not be called at once, and tasks that their run went past."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database, surviving
from services.engine.leaving import Left

_MOST: Final = 500
_LEFT: Final = """
WITH gone AS (
  UPDATE app.human_task t SET state = 'cancelled', version = t.version + 1, closed_at = clock_timestamp(),
    changed_at = clock_timestamp(), wake_at = NULL
  WHERE t.tenant_id = $1 AND t.run_id = $2 AND t.key = $3 AND t.closed_at IS NULL RETURNING t.task_id, t.version
)
INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, note)
SELECT $1, g.task_id, g.version, 'cancelled', 'cancelled', 'engine', 'its run went on without it' FROM gone g
"""


async def look_after(database: Database, poll: float) -> None:
    """Until cancelled, each `poll` seconds; safe in every worker at once."""
    while True:
        with surviving("waking runs of human tasks"):
            while await wake(database) == _MOST:
                pass
        await asyncio.sleep(poll)


async def wake(database: Database) -> int:
    """One round; answers how many runs were called."""
    async with database.doors() as connection:
        woken: int = await connection.fetchval("SELECT app.wake_tasks($1)", _MOST)
        return woken


async def left(database: Database, tenant: UUID, _message: UUID, body: str) -> None:
    """Cancel the task that a run went past: its time limit was over, or another branch was faster. Safe to repeat.

    One that was decided in that very moment stays decided, and its history shows that nothing came of it.
    """
    told = msgspec.json.decode(body, type=Left)
    async with database.tenant(tenant) as connection:
        await connection.execute(_LEFT, tenant, ids.read("run", told.run), told.key)
