from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Scope
from services.api import bound
from services.api.access import TenantDirectory
from services.api.call import Call, scope_of
from services.api.fields import Cursor, Instant, Limit, NextCursor, Slug
from services.api.policy import tenant_paths
from services.api.routes.deployments import DeployedWorkflow, DeploymentView, owned, view, workflow_of
from services.api.routes.workflows import offers
from services.engine.approving import PersonNeeded
from tenants.deployments import promoting, publishing, service
from tenants.deployments.errors import UnknownDeployment
from tenants.deployments.promoting import PREFIX, Outcome, Source, Wish
from tenants.deployments.promotion_table import Promotion
from tenants.deployments.repository import Pair
from tenants.identity import makers
from tenants.identity.permissions import Scope as Reach

TAGS: Final = ["deployments"]
_ONE: Final = "/promotions/{promotion:str}"
Status = Literal["proposed", "approved", "refused", "withdrawn"]


class PromotionSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: Annotated[str, Meta(max_length=64, description="Of the same client.", examples=["test"])]
    deployment: Annotated[str, Meta(max_length=64, description="Its name there, and here.", examples=["order-release"])]


class NewPromotion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is not given is as in the source: its own parameters, and whatever here has its connections' names."""

    source: Annotated[PromotionSource, Meta(description="What is to run here as it does there.")] = msgspec.field(
        name="from"
    )
    parameters: Annotated[dict[str, Any], Meta(description="That are to differ.")] = {}
    bindings: Annotated[dict[str, str], Meta(description="By name in the workflow a connection or group of here.")] = {}
    note: Annotated[str, Meta(max_length=2_000, description="Why; for who decides.")] | None = None


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    note: Annotated[str, Meta(min_length=1, max_length=2_000, description="Why.")]


class PromotionView(msgspec.Struct, frozen=True, kw_only=True):
    """What is to run here, and what was said to it."""

    id: Annotated[str, Meta(examples=["prm_01h455vb4pex5vsknk084sn02q"])]
    name: Slug
    environment: Annotated[str, Meta(description="That it was taken from.")]
    source_revision: int
    workflow: DeployedWorkflow
    parameters: dict[str, Any]
    bindings: dict[str, str]
    note: str | None
    proposed_by: str
    proposed_at: Instant
    status: Status
    decided_by: str | None
    decided_note: str | None
    decided_at: Instant | None
    deployment: Annotated[str | None, Meta(description="Id of what came of it; null: it is not approved.")]
    revision: int | None


class PromotionList(msgspec.Struct, frozen=True):
    items: list[PromotionView]
    next: NextCursor


@post(tenant_paths("/promotions"), summary="Propose a promotion", tags=TAGS)
async def propose_promotion(request: Call, data: JSONBody[NewPromotion]) -> PromotionView:
    """Takes a deployment of another environment of the client as it is now, and tries whether it fits here.

    Only who reaches both environments can: nobody whose key or account is of one of them alone.
    """
    bindings, groups = bound.read(data.bindings)
    source = await _source(request, data.source)
    async with request.transaction(scope_of(request.principal)) as session:
        answers_for = await makers.behind(session, request.principal)
    wish = Wish(
        parameters=data.parameters,
        bindings=bindings,
        groups=groups,
        note=data.note,
        actor=request.principal.actor,
        answers_for=answers_for,
    )
    async with request.creation() as creation:
        tenant_id = request.tenant.tenant_id
        made = await promoting.propose(creation.session, tenant_id, source, wish, offers=offers(request))
        return creation.answer(await _view(creation.session, made))


@get(tenant_paths("/promotions"), summary="List promotions", tags=TAGS)
async def list_promotions(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Status | None, QueryParameter(description="Only those.", required=False)] = None,
) -> PromotionList:
    """Newest first."""
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await promoting.listed(session, request.tenant.tenant_id, page, status=status)
        return PromotionList([await _view(session, row) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a promotion", tags=TAGS)
async def read_promotion(request: Call) -> PromotionView:
    promotion_id = request.path_id(PREFIX, "promotion")
    async with request.transaction() as session:
        return await _view(session, await promoting.find(session, request.tenant.tenant_id, promotion_id))


@post(tenant_paths(f"{_ONE}/approve"), summary="Approve a promotion", tags=TAGS, status_code=200)
async def approve_promotion(request: Call, data: JSONBody[Decision]) -> DeploymentView:
    """It runs from then on. Only a person who is signed in, and is not behind who proposed it.

    A key is refused with `person-needed`, who proposed it with `second-person-needed`.
    """
    promotion_id = request.path_id(PREFIX, "promotion")
    async with request.transaction() as session:
        await promoting.find(session, request.tenant.tenant_id, promotion_id)
        if request.principal.account_id is None or request.principal.is_acting:
            raise PersonNeeded("Sign in to the portal; no key approves, nor does who acts for a client")
        _, made = await _decide(request, session, promotion_id, "approved", data)
        if made is None:
            raise UnknownDeployment
        await owned(request, session, made)
        return view(made)


@post(tenant_paths(f"{_ONE}/refuse"), summary="Refuse a promotion", tags=TAGS, status_code=200)
async def refuse_promotion(request: Call, data: JSONBody[Decision]) -> PromotionView:
    """Nothing runs; the proposal stays to be read."""
    return await _closed(request, "refused", data)


@post(tenant_paths(f"{_ONE}/withdraw"), summary="Withdraw a promotion", tags=TAGS, status_code=200)
async def withdraw_promotion(request: Call, data: JSONBody[Decision]) -> PromotionView:
    """As refusing it, by who thinks better of it."""
    return await _closed(request, "withdrawn", data)


async def _closed(request: Call, outcome: Outcome, data: Decision) -> PromotionView:
    promotion_id = request.path_id(PREFIX, "promotion")
    async with request.transaction() as session:
        row, _ = await _decide(request, session, promotion_id, outcome, data)
        return await _view(session, row)


async def _decide(
    request: Call, session: AsyncSession, promotion_id: UUID, outcome: Outcome, data: Decision
) -> tuple[Promotion, Pair | None]:
    return await promoting.decide(
        session,
        request.tenant.tenant_id,
        promotion_id,
        outcome,
        data.note,
        offers=offers(request),
        actor=request.principal.actor,
        account=request.principal.account_id,
    )


async def _source(request: Call, wanted: PromotionSource) -> Source:
    """The deployment as it is, where the caller reaches its environment; else as if there were none (S-02)."""
    here = request.tenant
    directory: TenantDirectory = request.app.state.directory
    found = None
    if request.principal.scope is not Reach.CLIENT and wanted.environment != here.environment:
        client = ids.show("cli", here.client_id)
        found = await directory.find(here.partner_id, client, wanted.environment)
    if found is None:
        raise bound.invalid("/from/environment", "there is no such other environment that you reach")
    async with request.transaction(Scope.tenant(found.tenant_id)) as session:
        try:
            return await promoting.read_source(session, found.tenant_id, found.environment, wanted.deployment)
        except UnknownDeployment:
            raise bound.invalid("/from/deployment", "there is no such deployment") from None


async def _view(session: AsyncSession, row: Promotion) -> PromotionView:
    version = await publishing.find(session, row.tenant_id, row.workflow_version_id)
    return PromotionView(
        id=ids.show(PREFIX, row.promotion_id),
        name=row.name,
        environment=row.environment,
        source_revision=row.source_revision,
        workflow=workflow_of(version),
        parameters=row.parameters,
        bindings=service.shown(row.bindings, row.groups),
        note=row.note,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        status=msgspec.convert(row.status, Status),
        decided_by=row.decided_by,
        decided_note=row.decided_note,
        decided_at=row.decided_at,
        deployment=None if row.deployment_id is None else ids.show("dep", row.deployment_id),
        revision=row.revision,
    )


HANDLERS: Final = (
    propose_promotion,
    list_promotions,
    read_promotion,
    approve_promotion,
    refuse_promotion,
    withdraw_promotion,
)
