from __future__ import annotations

from typing import Final

from litestar import Response, get, post
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from services.api import filing
from services.api.call import Call
from services.api.fields import Cursor, Limit
from services.api.filing import TAGS, DocumentClass, DocumentList, DocumentName, DocumentView, Removal, Whose
from services.api.policy import tenant_paths
from services.api.routes.runs import row_of
from services.documents.documents import New
from services.documents.repository import Of

_ALL: Final = "/runs/{run:str}/documents"
_ONE: Final = "/runs/{run:str}/documents/{document:str}"


@post(tenant_paths(_ALL), summary="Add a document to a run", tags=TAGS)
async def add_document(
    request: Call, name: DocumentName = "document", document_class: DocumentClass = "standard"
) -> DocumentView:
    """The body is the file itself. Its kind is read off its bytes, and files of kinds that are not taken are refused.

    Sending a file twice makes two documents, and one under the same `Idempotency-Key`.
    """
    run, tenant = request.path_id("run", "run"), request.tenant.tenant_id
    await row_of(request, run)
    new = New(tenant=tenant, run=run, name=name, class_=document_class, actor=request.principal.actor)
    return await filing.take(request, new)


@get(tenant_paths(_ALL), summary="List a run's documents", tags=TAGS)
async def list_documents(request: Call, limit: Limit = 50, cursor: Cursor = None) -> DocumentList:
    """Newest first. They stay when their run is archived."""
    page, run = request.page(limit, cursor), request.path_id("run", "run")
    async with request.transaction() as session:
        found = await filing.listed(request, session, Of(run), page)
    if not found.items and cursor is None:
        await row_of(request, run)
    return found


@get(tenant_paths(_ONE), summary="Show a document", tags=TAGS)
async def show_document(request: Call) -> DocumentView:
    return await filing.show(request, _of(request))


@get(tenant_paths(f"{_ONE}/content"), summary="Download a document", tags=TAGS, media_type="application/octet-stream")
async def download_document(request: Call) -> Response[bytes]:
    """The file, to be saved. Its `ETag` is its SHA-256; whoever has that is answered 304."""
    return await filing.send(request, _of(request))


@post(tenant_paths(f"{_ONE}/remove"), summary="Remove a document", tags=TAGS, status_code=204)
async def remove_document(request: Call, data: JSONBody[Removal]) -> None:
    """Nobody sees it from now on; its file is gone within the hour. That of a run or an entity that is kept stays."""
    await filing.remove(request, _of(request), data.reason)


def _of(request: Call) -> Whose:
    run = request.path_id("run", "run")

    async def whose(_session: AsyncSession) -> Of:
        return Of(run)

    return whose


HANDLERS: Final = (add_document, list_documents, show_document, download_document, remove_document)
