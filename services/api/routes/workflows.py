from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.protocols.elsewhere import gather
from template_library.dsl import DocumentError, Workflow, elsewhere
from template_library.dsl.limits import DOCUMENT_BYTES
from tenants.deployments import guarding, publishing
from tenants.deployments.errors import InvalidDocument
from tenants.deployments.fit import Offers
from tenants.deployments.models import WorkflowVersion
from tenants.deployments.publishing import Candidate

TAGS: Final = ["workflows"]
_ELSEWHERE_SECONDS: Final = 30.0


class NewWorkflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    document: Annotated[
        str, Meta(min_length=1, max_length=DOCUMENT_BYTES, description="The workflow's text, in YAML or JSON.")
    ]


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True):
    """A published version. It never changes."""

    id: Annotated[str, Meta(examples=["wfv_01h455vb4pex5vsknk084sn02q"])]
    namespace: str
    name: str
    version: str
    template: Annotated[str | None, Meta(description="`name@version` of the template that it came from.")]
    digest: Annotated[str, Meta(description="SHA-256 of the text, in hexadecimal.")]
    created_at: Instant


class WorkflowDetail(WorkflowView, frozen=True, kw_only=True):
    """With its text, and what it takes from elsewhere as it was when it was published."""

    document: str
    elsewhere: dict[str, Any] | None = None


class WorkflowList(msgspec.Struct, frozen=True):
    items: list[WorkflowView]
    next: NextCursor


@post(tenant_paths("/workflows"), summary="Publish a workflow version", tags=TAGS)
async def publish_workflow(request: Call, data: JSONBody[NewWorkflow]) -> Response[WorkflowView]:
    """The same text again is the same version (200); another text under a published version is refused.

    So is one with a path that reaches a write which a rule guards without an approval (`write-not-approved`).
    """
    candidate = await checked(request, publishing.read(data.document, request.resources.settings.processes))
    async with request.creation() as creation:
        await guarding.admit(creation.session, request.tenant.tenant_id, candidate, offers(request))
        stored, made = await publishing.publish(
            creation.session, request.tenant.tenant_id, candidate, actor=request.principal.actor
        )
        creation.status = 201 if made else 200
        return Response(creation.answer(view(stored)), status_code=creation.status)


@get(tenant_paths("/workflows"), summary="List workflow versions", tags=TAGS)
async def list_workflows(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    name: Annotated[str | None, QueryParameter(description="Only versions of this name.", required=False)] = None,
    template: Annotated[
        str | None, QueryParameter(description="Only versions of this template.", required=False)
    ] = None,
) -> WorkflowList:
    """Newest first, without their texts."""
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await publishing.list_workflows(
            session, request.tenant.tenant_id, page, name=name, template=template
        )
        return WorkflowList([view(row) for row in rows], request.cursor(last))


@get(tenant_paths("/workflows/{workflow:str}"), summary="Read a workflow version", tags=TAGS)
async def read_workflow(request: Call) -> WorkflowDetail:
    """With its text, as it was published."""
    workflow_version_id = request.path_id("wfv", "workflow")
    async with request.transaction() as session:
        row = await publishing.find(session, request.tenant.tenant_id, workflow_version_id)
        return WorkflowDetail(**_members(row), document=row.document, elsewhere=row.elsewhere)


async def checked(request: Call, candidate: Candidate) -> Candidate:
    """`candidate`, when each of its expressions compiles, with what it takes from elsewhere.

    Asked of jq and of others out of process and outside any transaction.

    Raises:
        InvalidDocument: with a line for each expression that does not, or what cannot be had.
    """
    evaluator = Expressions(request.resources.expressions)
    try:
        await check_expressions(candidate.workflow, candidate.text, evaluator)
        return msgspec.structs.replace(candidate, elsewhere=await _elsewhere(request, candidate.workflow, evaluator))
    except DocumentError as error:
        raise publishing.refusal(error) from None


async def _elsewhere(request: Call, workflow: Workflow, evaluator: Expressions) -> dict[str, Any] | None:
    if not elsewhere.needs(workflow):
        return None
    try:
        async with asyncio.timeout(_ELSEWHERE_SECONDS):
            resources = request.resources
            found = await gather(workflow, request.tenant.tenant_id, resources.elsewhere, resources.settings.processes)
    except elsewhere.ElsewhereError as error:
        place = elsewhere.place(workflow, error.name)
        raise InvalidDocument.at(place, str(error)) from error
    except TimeoutError:
        detail = f"what the document takes from elsewhere did not come within {_ELSEWHERE_SECONDS:.0f} s"
        raise InvalidDocument.at("", detail) from None
    for name, definition in found.functions.items():
        text = elsewhere.text(name, definition)
        await check_expressions(elsewhere.function(name, definition, name), text, evaluator, filename=name)
    made: dict[str, Any] = msgspec.to_builtins(found)
    return made


def offers(request: Call) -> Offers:
    """What the connectors of this installation offer."""
    return {name: form.access for name, form in request.resources.desk.forms.items()}


def view(row: WorkflowVersion) -> WorkflowView:
    return WorkflowView(**_members(row))


def _members(row: WorkflowVersion) -> dict[str, Any]:
    return {
        "id": ids.show("wfv", row.workflow_version_id),
        "namespace": row.namespace,
        "name": row.name,
        "version": row.version,
        "template": row.template,
        "digest": row.digest.hex(),
        "created_at": row.created_at,
    }


HANDLERS: Final = (publish_workflow, list_workflows, read_workflow)
