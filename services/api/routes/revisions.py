from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.api.routes.deployments import DeployedWorkflow, DeploymentView, owned, present, view, workflow_of
from services.api.routes.workflows import offers
from tenants.deployments import revisions, service
from tenants.deployments.repository import Past

TAGS: Final = ["deployments"]
_ONE: Final = "/deployments/{deployment:str}"


class RevisionView(msgspec.Struct, frozen=True, kw_only=True):
    """What runs were, or are, begun with."""

    revision: int
    workflow: DeployedWorkflow
    parameters: dict[str, Any]
    sources: Annotated[dict[str, str], Meta(description="Where each parameter came from, as of a deployment.")]
    bindings: dict[str, str]
    made_at: Instant


class RevisionList(msgspec.Struct, frozen=True):
    items: list[RevisionView]
    next: NextCursor


class RollBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to_revision: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Absent: the one before the present.")] | None = (
        None
    )


@get(tenant_paths(f"{_ONE}/revisions"), summary="List a deployment's revisions", tags=TAGS)
async def list_revisions(request: Call, limit: Limit = 50, cursor: Cursor = None) -> RevisionList:
    """The newest first. None is ever changed."""
    deployment_id = request.path_id("dep", "deployment")
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await revisions.list_revisions(session, request.tenant.tenant_id, deployment_id, page)
        return RevisionList([_view(row) for row in rows], request.cursor(last))


@post(tenant_paths(f"{_ONE}/roll-back"), summary="Roll a deployment back", tags=TAGS, status_code=200)
async def roll_back(request: Call, data: JSONBody[RollBack]) -> DeploymentView:
    """Makes a revision with the workflow, parameters and connections of an earlier one; runs in flight keep theirs.

    Checked as any other change: an earlier connection that is gone by now is refused. Where the earlier one is as the
    present one, nothing is made.
    """
    deployment_id = request.path_id("dep", "deployment")
    async with request.transaction() as session:
        await request.match(partial(present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        made = await revisions.roll_back(
            session, tenant_id, deployment_id, data.to_revision, offers=offers(request), actor=actor
        )
        await owned(request, session, made)
        return view(made)


def _view(past: Past) -> RevisionView:
    revision, version = past
    return RevisionView(
        revision=revision.revision,
        workflow=workflow_of(version),
        parameters=revision.parameters,
        sources=revision.sources,
        bindings=service.shown_bindings(revision),
        made_at=revision.created_at,
    )


HANDLERS: Final = (list_revisions, roll_back)
