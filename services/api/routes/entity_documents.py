"""Documents of an entity, and of those that turned out to be it (ADR 0085)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.problems import Forbidden, NotFound
from services.api import filing
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit
from services.api.filing import TAGS, DocumentClass, DocumentList, DocumentName, DocumentView, Removal, Whose
from services.api.policy import tenant_paths
from services.api.routes.entities import EntityId
from services.api.routes.retention import Keep
from services.documents import keeping
from services.documents.documents import New
from services.documents.repository import Of
from services.records import reading
from services.records.keys import PREFIX
from tenants.identity.permissions import Permission

_ALL: Final = "/entities/{entity:str}/documents"
_ONE: Final = "/entities/{entity:str}/documents/{document:str}"
AlsoOfRun = Annotated[
    str | None,
    QueryParameter(
        required=False, description="A run that it is also a document of; takes the permission `runs:write`."
    ),
]


class KeptEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity whose documents are kept whatever their age."""

    entity: EntityId
    reason: str
    kept_by: str
    since: Instant


@post(tenant_paths(_ALL), summary="Add a document to an entity", tags=TAGS)
async def add_entity_document(
    request: Call, name: DocumentName = "document", document_class: DocumentClass = "standard", run: AlsoOfRun = None
) -> DocumentView:
    """As a run's: the body is the file itself, and files of kinds that are not taken are refused.

    One that was merged takes none: `entity-merged` names the entity that does.
    """
    entity, tenant = request.path_id(PREFIX, "entity"), request.tenant.tenant_id
    also = None if run is None else _run(request, run)
    async with request.transaction() as session:
        await reading.find(session, tenant, entity)
    actor = request.principal.actor
    new = New(tenant=tenant, entity=entity, run=also, name=name, class_=document_class, actor=actor)
    return await filing.take(request, new)


@get(tenant_paths(_ALL), summary="List an entity's documents", tags=TAGS)
async def list_entity_documents(request: Call, limit: Limit = 50, cursor: Cursor = None) -> DocumentList:
    """Newest first, with those of entities that were merged into it."""
    page, entity = request.page(limit, cursor), request.path_id(PREFIX, "entity")
    async with request.transaction() as session:
        await reading.find(session, request.tenant.tenant_id, entity)
        return await filing.listed(request, session, await _meant(request, session), page)


@get(tenant_paths(_ONE), summary="Show a document of an entity", tags=TAGS)
async def show_entity_document(request: Call) -> DocumentView:
    return await filing.show(request, _of(request))


@get(
    tenant_paths(f"{_ONE}/content"),
    summary="Download a document of an entity",
    tags=TAGS,
    media_type="application/octet-stream",
)
async def download_entity_document(request: Call) -> Response[bytes]:
    """The file, to be saved. Its `ETag` is its SHA-256; whoever has that is answered 304."""
    return await filing.send(request, _of(request))


@post(tenant_paths(f"{_ONE}/remove"), summary="Remove a document of an entity", tags=TAGS, status_code=204)
async def remove_entity_document(request: Call, data: JSONBody[Removal]) -> None:
    """Nobody sees it from now on, also not at its run; its file is gone within the hour. What is kept stays."""
    await filing.remove(request, _of(request), data.reason)


@post(tenant_paths("/entities/{entity:str}/keep"), summary="Keep an entity's documents", tags=TAGS, status_code=200)
async def keep_entity(request: Call, data: JSONBody[Keep]) -> KeptEntity:
    """None of its documents goes, nor of what was merged into it, until somebody lets it go. Safe to repeat."""
    entity = request.path_id(PREFIX, "entity")
    async with request.transaction() as session:
        actor = request.principal.actor
        made = await keeping.keep(session, request.tenant.tenant_id, entity, data.reason, actor=actor)
        shown = ids.show(PREFIX, entity)
        return KeptEntity(entity=shown, reason=made.reason, kept_by=made.kept_by, since=made.since)


@post(tenant_paths("/entities/{entity:str}/let-go"), summary="Let a kept entity go", tags=TAGS, status_code=204)
async def let_entity_go(request: Call) -> None:
    """Its documents are kept no longer than others. 409 where nobody kept it itself."""
    async with request.transaction() as session:
        entity = request.path_id(PREFIX, "entity")
        await keeping.let_go(session, request.tenant.tenant_id, entity, actor=request.principal.actor)


def _run(request: Call, run: str) -> UUID:
    needed = Permission.RUNS_WRITE
    if needed not in request.principal.permissions:
        raise Forbidden(f"The permission {needed} is needed for `run`", permission=needed)
    try:
        return ids.read("run", run)
    except ids.MalformedId:
        raise NotFound from None


def _of(request: Call) -> Whose:
    async def whose(session: AsyncSession) -> Of:
        return await _meant(request, session)

    return whose


async def _meant(request: Call, session: AsyncSession) -> Of:
    """Of an entity that nobody has these are none."""
    entity = request.path_id(PREFIX, "entity")
    return Of(entities=await reading.standing_for(session, request.tenant.tenant_id, entity))


HANDLERS: Final = (
    add_entity_document,
    list_entity_documents,
    show_entity_document,
    download_entity_document,
    remove_entity_document,
    keep_entity,
    let_entity_go,
)
