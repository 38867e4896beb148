from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import UNSET, Meta

from infra.ids import TenantId
from services.api.call import Call
from services.api.policy import tenant_paths
from services.api.routes.runs import TAGS, RunView, row_of, view_of
from services.engine import operating, repeating


@post(tenant_paths("/runs/{run:str}/cancel"), summary="Cancel a run", tags=TAGS, status_code=200)
async def cancel_run(request: Call) -> RunView:
    """Ends it here and now, wherever it is. A call that is under way may still take effect in the other system."""
    return await _operate(request, operating.cancel)


@post(tenant_paths("/runs/{run:str}/suspend"), summary="Suspend a run", tags=TAGS, status_code=200)
async def suspend_run(request: Call) -> RunView:
    """Sets it aside until somebody resumes or cancels it.

    At once where it waits or has not begun. A call that is under way comes to its end first, and what it achieved is
    kept; until then `suspension_asked_at` says so. Times go on meanwhile and events are kept: both are looked at when
    the run goes on. Asking again changes nothing.
    """
    return await _operate(request, operating.suspend)


@post(tenant_paths("/runs/{run:str}/resume"), summary="Resume a suspended run", tags=TAGS, status_code=200)
async def resume_run(request: Call) -> RunView:
    """Lets a suspended run go on exactly where it is; one that was quarantined apart from all others.

    A suspension that was asked for and has not come yet is dropped.
    """
    return await _operate(request, operating.resume)


class Retry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    input: Annotated[
        Any,
        Meta(
            description="Another input for the task that failed, as the task before it would have given it; for the"
            " run, where it failed before its first task. Absent: what it had."
        ),
    ] = UNSET


@post(tenant_paths("/runs/{run:str}/retry"), summary="Retry a faulted run", tags=TAGS, status_code=200)
async def retry_run(request: Call, data: JSONBody[Retry]) -> RunView:
    """Lets the same run go on from the task that failed, or from where it failed between two tasks.

    What it had done is not done again. The call that failed is made with the key that it had, so that the other
    system recognises what it knows already, whatever input it is given. Time limits and attempts around it begin anew.
    """

    async def action(connection: Any, tenant: TenantId, run: UUID, actor: str) -> None:
        await repeating.retry(connection, tenant, run, actor, data.input)

    return await _operate(request, action)


async def _operate(request: Call, action: Callable[[Any, TenantId, UUID, str], Awaitable[None]]) -> RunView:
    run, tenant = request.path_id("run", "run"), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        await action(connection, tenant, run, request.principal.actor)
    request.resources.ring()
    request.resources.changes.note([(tenant, run)])
    return await view_of(request, await row_of(request, run))


HANDLERS: Final = (cancel_run, suspend_run, resume_run, retry_run)
