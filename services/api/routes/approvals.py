from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.engine import approving
from services.engine.approving import Given, PersonNeeded

TAGS: Final = ["runs"]
_Decision = Annotated[Literal["approved", "refused"], Meta(description="The last word about a task counts.")]
_Task = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2_000,
        pattern="^/",
        description="JSON pointer of the task that asks, as `waits` of the run has it.",
        examples=["/do/2/approve-price"],
    ),
]


class NewApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    task: _Task
    decision: _Decision
    note: Annotated[str, Meta(max_length=2_000, description="Why; the run is told.")] | None = None


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a task of a run: by a person, or by a row of the matrix of authority that asks nobody."""

    id: Annotated[str, Meta(examples=["apv_01h455vb4pex5vsknk084sn02q"])]
    task: _Task
    decision: _Decision
    by: Annotated[str, Meta(description="As the audit names who it was.")]
    at: Instant
    note: Annotated[str | None, Meta(description="Null for who may not see payloads whole.")]


class ApprovalList(msgspec.Struct, frozen=True):
    items: list[ApprovalView]


@post(tenant_paths("/runs/{run:str}/approvals"), summary="Decide about a task of a run", tags=TAGS, status_code=200)
async def decide(request: Call, data: JSONBody[NewApproval]) -> ApprovalList:
    """Only a person who is signed in to a portal: a key is refused with `person-needed`, as is who acts for a client.

    The task is one that listens for `approval.decided`; where it does not now, `approval-not-awaited` says so. The
    answer is everything that was decided about the run.
    """
    run, tenant = request.path_id("run", "run"), TenantId(request.tenant.tenant_id)
    if request.principal.account_id is None or request.principal.is_acting:
        raise PersonNeeded("Sign in to the portal; no key decides, nor does who acts for a client")
    given = Given(
        reference=data.task,
        is_approved=data.decision == "approved",
        note=data.note,
        by=request.principal.actor,
    )
    async with request.resources.database.tenant(tenant) as connection:
        await approving.decide(connection, tenant, run, given)
        rows = await approving.list_of(connection, tenant, run)
    request.resources.ring()
    request.resources.changes.note([(tenant, run)])
    return ApprovalList([_view(request, row) for row in rows])


@get(tenant_paths("/runs/{run:str}/approvals"), summary="List what was decided about a run", tags=TAGS)
async def list_approvals(request: Call) -> ApprovalList:
    """The oldest first."""
    run, tenant = request.path_id("run", "run"), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        return ApprovalList([_view(request, row) for row in await approving.list_of(connection, tenant, run)])


def _view(request: Call, row: Any) -> ApprovalView:
    return ApprovalView(
        id=ids.show("apv", row["approval_id"]),
        task=row["reference"],
        decision="approved" if row["is_approved"] else "refused",
        by=row["decided_by"],
        at=row["decided_at"],
        note=row["note"] if request.payloads == "whole" else None,
    )


HANDLERS: Final = (decide, list_approvals)
