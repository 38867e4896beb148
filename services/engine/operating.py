"""What people do to a run: cancel, suspend, resume. The actor is audited in the same commit (ADR 0024)."""

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
    """Only a run that was suspended or set aside can be resumed; the others go on by themselves."""

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


async def suspend(connection: Any, tenant: TenantId, run: UUID, actor: str) -> None:
    """Set the run aside; `connection` is in a transaction of its tenant. Safe to repeat.

    A run in a worker's hands is set aside with its next commit: a call that is under way comes to its end, and what
    it achieved is kept. Until then the run has `asked`.

    Raises:
        NotFound: the tenant has none of this id.
        RunHasEnded: too late.
    """
    message = await telling.foretell(connection, tenant, run, "run.suspended")
    if message is None:
        raise NotFound
    state = await connection.fetchval("SELECT app.suspend_run($1, $2, $3, $4)", run, actor, ids.new(), message)
    if state in _ENDED:
        raise RunHasEnded(f"It is {state} already")


async def resume(connection: Any, tenant: TenantId, run: UUID, actor: str, *, seen: int | None = None) -> None:
    """Let a suspended run go on where it is, a quarantined one alone; `connection` is in a transaction of its tenant.

    `seen`: lines of its journal that its reader saw, None for any.

    Raises:
        NotFound: the tenant has none of this id.
        RunNotSuspended: it was not set aside, or has gone on since it was seen.
    """
    state = await connection.fetchval("SELECT app.resume_run($1, $2, $3, $4)", run, actor, ids.new(), seen)
    if state is None:
        raise NotFound
    if state == "asked":
        return  # it was still to be suspended: nothing has happened that could be told
    if state != "suspended":
        raise RunNotSuspended(f"It is {state}")
    await telling.tell(connection, tenant, run)
