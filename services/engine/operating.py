"""What people do to a run: cancel it, resume it from quarantine. The actor is audited in the same commit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import ids
from infra.ids import TenantId
from infra.problems import Conflict, NotFound
from infra.telemetry import instruments
from services.engine import telling

_ENDED = frozenset({"completed", "faulted", "cancelled"})


class RunHasEnded(Conflict):
    """A run that has ended cannot be changed any more. Read it; send the event's successor to start another."""

    name = "run-has-ended"
    title = "The run has ended"


class RunNotSuspended(Conflict):
    """Only a run that was set aside can be resumed; the others go on by themselves."""

    name = "run-not-suspended"
    title = "The run is not suspended"


async def cancel(connection: Any, tenant: TenantId, run: UUID, actor: str) -> None:
    """End the run here and now; `connection` is in a transaction of the tenant. A call under way may still take effect.

    Raises:
        NotFound: the tenant has none of this id.
        RunHasEnded: too late.
    """
    state = await connection.fetchval("SELECT app.cancel_run($1, $2, $3)", run, actor, ids.new())
    if state is None:
        raise NotFound
    if state in _ENDED:
        raise RunHasEnded(f"It is {state} already")
    await telling.tell(connection, tenant, run)
    instruments.RUNS_ENDED.add(1, "cancelled")


async def resume(connection: Any, tenant: TenantId, run: UUID, actor: str) -> None:
    """Try a quarantined run again, alone; `connection` is in a transaction of its tenant.

    Raises:
        NotFound: the tenant has none of this id.
        RunNotSuspended: it was not set aside.
    """
    state = await connection.fetchval("SELECT app.resume_run($1, $2, $3)", run, actor, ids.new())
    if state is None:
        raise NotFound
    if state != "suspended":
        raise RunNotSuspended(f"It is {state}")
    await telling.tell(connection, tenant, run)
