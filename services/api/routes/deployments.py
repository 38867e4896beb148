from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api import bound
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, Slug, StatusFilter
from services.api.policy import tenant_paths
from services.api.routes.owners import is_required
from services.api.routes.workflows import offers
from template_library import catalog
from template_library.catalog import Package, UnknownTemplate
from tenants.deployments import ownership, service
from tenants.deployments.models import WorkflowVersion
from tenants.deployments.priorities import NAMES, Priority
from tenants.deployments.repository import Pair
from tenants.deployments.service import Changes, Plan
from tenants.organizations import sites
from tenants.organizations.errors import SiteDisabled, UnknownSite

TAGS: Final = ["deployments"]
_ONE: Final = "/deployments/{deployment:str}"
SlugName = Annotated[str, Meta(pattern="^[a-z0-9](-?[a-z0-9]){0,62}$", examples=["order-release"])]
Workflow = Annotated[str, Meta(description="Id of a published version.", examples=["wfv_01h455vb4pex5vsknk084sn02q"])]
Parameters = Annotated[dict[str, Any], Meta(description="As the template or the document declares them.")]
Bindings = Annotated[
    dict[str, str],
    Meta(
        description="By name in the workflow the id of a connection, or of a connection group whose rules choose.",
        examples=[{"erp": "con_01h455vb4pex5vsknk084sn02q", "wms": "grp_01h455vb4pex5vsknk084sn02q"}],
    ),
]
RunPriority = Annotated[
    Priority,
    Meta(
        description="Class of the runs that it begins: interactive ones overtake the client's others, bulk ones let"
        " them pass. An event says otherwise with its attribute `runpriority`."
    ),
]


class TemplateChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=64)]
    version: Annotated[str | None, Meta(description="Absent: the newest that is no pre-release.")] = None


class NewDeployment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of `workflow` and `template` exactly one."""

    name: SlugName
    workflow: Workflow | None = None
    template: TemplateChoice | None = None
    parameters: Parameters = {}
    bindings: Bindings = {}
    priority: RunPriority = "normal"
    site: Annotated[str | None, Meta(description="Slug or id of a site, whose parameters come first.")] = None


class DeploymentChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays; parameters and bindings are given whole.

    Of the parameters send back only those whose source is `deployment`: whatever is sent is the deployment's own from
    then on, and does not follow the level that it was inherited from.
    """

    workflow: Workflow | UnsetType = UNSET
    template: TemplateChoice | UnsetType = UNSET
    parameters: Parameters | UnsetType = UNSET
    bindings: Bindings | UnsetType = UNSET
    priority: RunPriority | UnsetType = UNSET


class DeployedWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    namespace: str
    name: str
    version: str
    template: str | None


class DeploymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow that runs for the client: its present revision."""

    id: Annotated[str, Meta(examples=["dep_01h455vb4pex5vsknk084sn02q"])]
    name: Slug
    status: Annotated[Literal["active", "disabled"], Meta(description="No event starts a disabled one.")]
    revision: Annotated[int, Meta(description="Rises with every change; a run keeps the one it began with.")]
    workflow: DeployedWorkflow
    parameters: dict[str, Any]
    sources: Annotated[
        dict[str, str],
        Meta(
            description="Where each parameter comes from: `deployment`, a level from which it is inherited (`site`,"
            " `environment`, `client`, `partner`, `operator`), or `default`."
        ),
    ]
    site: Annotated[str | None, Meta(description="Id of the site that it is for.")]
    bindings: dict[str, str]
    priority: RunPriority
    trigger: Annotated[dict[str, str] | None, Meta(description="Event attributes that start it, all equal.")]
    created_at: Instant
    revised_at: Instant


class DeploymentList(msgspec.Struct, frozen=True):
    items: list[DeploymentView]
    next: NextCursor


@post(tenant_paths("/deployments"), summary="Deploy a workflow", tags=TAGS)
async def create_deployment(request: Call, data: JSONBody[NewDeployment]) -> DeploymentView:
    """Active at once: events that match its trigger start it."""
    if (data.workflow is None) == (data.template is None):
        raise bound.invalid("/workflow", "give either `workflow` or `template`")
    source = _template(data.template) if data.workflow is None else _workflow(data.workflow)
    bindings, groups = bound.read(data.bindings)
    plan = Plan(source=source, parameters=data.parameters, bindings=bindings, groups=groups, priority=data.priority)
    async with request.creation() as creation:
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        if data.site is not None:
            plan = msgspec.structs.replace(plan, site_id=await _site(creation.session, tenant_id, data.site))
        made = await service.create(creation.session, tenant_id, data.name, plan, offers=offers(request), actor=actor)
        await owned(request, creation.session, made)
        return creation.answer(view(made))


@get(tenant_paths("/deployments"), summary="List deployments", tags=TAGS)
async def list_deployments(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: StatusFilter = None,
    name: Annotated[str | None, QueryParameter(description="Only the one of this name.", required=False)] = None,
) -> DeploymentList:
    """Newest first."""
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await service.list_deployments(session, request.tenant.tenant_id, page, status=status, name=name)
        return DeploymentList([view(row) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a deployment", tags=TAGS)
async def read_deployment(request: Call) -> DeploymentView:
    """Its present revision."""
    async with request.transaction() as session:
        return await _found(request, session, lock=False)


@patch(tenant_paths(_ONE), summary="Change a deployment", tags=TAGS)
async def change_deployment(request: Call, data: JSONBody[DeploymentChanges]) -> DeploymentView:
    """Makes another revision; runs in flight keep theirs. Without a difference nothing is made.

    Another priority makes no revision: it holds for the runs that begin from now on.
    """
    deployment_id = request.path_id("dep", "deployment")
    if data.workflow is not UNSET and data.template is not UNSET:
        raise bound.invalid("/workflow", "give either `workflow` or `template`")
    source: UUID | Package | UnsetType = UNSET
    if data.workflow is not UNSET:
        source = _workflow(data.workflow)
    if data.template is not UNSET:
        source = _template(data.template)
    bindings, groups = (UNSET, UNSET) if data.bindings is UNSET else bound.read(data.bindings)
    changes = Changes(
        source=source, parameters=data.parameters, bindings=bindings, groups=groups, priority=data.priority
    )
    async with request.transaction() as session:
        await request.match(partial(present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        made = await service.revise(session, tenant_id, deployment_id, changes, offers=offers(request), actor=actor)
        await owned(request, session, made)
        return view(made)


@post(tenant_paths(f"{_ONE}/disable"), summary="Disable a deployment", tags=TAGS, status_code=200)
async def disable_deployment(request: Call) -> DeploymentView:
    """No event starts it any more; runs in flight go on. Safe to repeat."""
    return await _set_status(request, "disabled")


@post(tenant_paths(f"{_ONE}/enable"), summary="Enable a deployment", tags=TAGS, status_code=200)
async def enable_deployment(request: Call) -> DeploymentView:
    """Safe to repeat."""
    return await _set_status(request, "active")


async def _set_status(request: Call, status: service.Status) -> DeploymentView:
    deployment_id = request.path_id("dep", "deployment")
    async with request.transaction() as session:
        await request.match(partial(present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        made = await service.set_status(session, tenant_id, deployment_id, status, actor=actor)
        await owned(request, session, made)
        return view(made)


async def owned(request: Call, session: AsyncSession, pair: Pair) -> None:
    """Nothing runs in `live` that nobody answers for (ADR 0051)."""
    if pair[0].status == "active" and await is_required(request, session):
        await ownership.admit(session, request.tenant.tenant_id, pair)


async def present(request: Call, session: AsyncSession) -> DeploymentView:
    """Held until the transaction ends."""
    return await _found(request, session, lock=True)


async def _found(request: Call, session: AsyncSession, *, lock: bool) -> DeploymentView:
    deployment_id = request.path_id("dep", "deployment")
    return view(await service.find(session, request.tenant.tenant_id, deployment_id, lock=lock))


async def _site(session: AsyncSession, tenant_id: UUID, reference: str) -> UUID:
    try:
        found = await sites.find(session, tenant_id, reference)
    except UnknownSite:
        raise bound.invalid("/site", "there is no such site") from None
    if found.status != "active":
        raise SiteDisabled
    return found.site_id


def _template(choice: TemplateChoice | None) -> Package:
    if choice is None:
        raise bound.invalid("/template", "a template is named, not null")
    try:
        return catalog.builtin().find(choice.name, choice.version)
    except UnknownTemplate as error:
        raise bound.invalid("/template", str(error)) from None


def _workflow(text: str) -> UUID:
    try:
        return ids.read("wfv", text)
    except ids.MalformedId:
        # In the words of an unknown one, so that nothing can be probed (S-02).
        raise bound.invalid("/workflow", "there is no such workflow version") from None


def view(pair: Pair) -> DeploymentView:
    deployment, revision, version = pair
    return DeploymentView(
        id=ids.show("dep", deployment.deployment_id),
        name=deployment.name,
        status="active" if deployment.status == "active" else "disabled",
        revision=revision.revision,
        workflow=workflow_of(version),
        parameters=revision.parameters,
        sources=revision.sources,
        site=None if deployment.site_id is None else ids.show("sit", deployment.site_id),
        bindings=service.shown_bindings(revision),
        priority=NAMES[deployment.priority],
        trigger=revision.trigger,
        created_at=deployment.created_at,
        revised_at=revision.created_at,
    )


def workflow_of(version: WorkflowVersion) -> DeployedWorkflow:
    return DeployedWorkflow(
        id=ids.show("wfv", version.workflow_version_id),
        namespace=version.namespace,
        name=version.name,
        version=version.version,
        template=version.template,
    )


HANDLERS: Final = (
    create_deployment,
    list_deployments,
    read_deployment,
    change_deployment,
    disable_deployment,
    enable_deployment,
)
