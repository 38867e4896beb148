from __future__ import annotations

from typing import Annotated, Final, cast

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import cut
from services.api.access import is_still_admitted
from services.api.call import Call
from services.api.download import Download
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.kept_answers import Fingerprint
from services.api.policy import tenant_paths
from services.api.routes.runs import row_of
from services.documents import repository
from services.documents.documents import New, shown
from services.documents.errors import UnknownDocument
from services.documents.names import disposition
from services.documents.tables import Class, Document, Seen

TAGS: Final = ["documents"]
# Whatever a file holds, it is saved and never shown on a partner's own host (S-101).
_SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"

DocumentName = Annotated[
    str,
    QueryParameter(
        required=False, min_length=1, description="What the file is called; shown, and never part of a path."
    ),
]
DocumentClass = Annotated[
    Class, QueryParameter(required=False, description="How long it is kept, as the installation sets it by class.")
]


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run, without what is in it."""

    id: Annotated[str, Meta(examples=["doc_01h455vb4pex5vsknk084sn02q"])]
    run: str
    name: Annotated[str | None, Meta(description="Null for who may not see the client's business data whole.")]
    media_type: Annotated[str, Meta(description="As it was found in the file, whatever its sender said.")]
    size: Annotated[int, Meta(description="Bytes.")]
    sha256: str
    document_class: Class
    state: Annotated[
        Seen,
        Meta(description="`held`: nobody looked into it yet; it and an `infected` one are handed to nobody."),
    ]
    made_by: str
    created_at: Instant
    keep_until: Annotated[Instant, Meta(description="Then it is removed, unless its run is kept.")]


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is in the audit.")]


class DocumentList(msgspec.Struct, frozen=True):
    items: list[DocumentView]
    next: NextCursor


@post(tenant_paths("/runs/{run:str}/documents"), summary="Add a document to a run", tags=TAGS)
async def add_document(
    request: Call, name: DocumentName = "document", document_class: DocumentClass = "standard"
) -> DocumentView:
    """The body is the file itself. Its kind is read off its bytes, and files of kinds that are not taken are refused.

    Sending a file twice makes two documents, and one under the same `Idempotency-Key`.
    """
    run = request.path_id("run", "run")
    await row_of(request, run)
    fingerprint = Fingerprint(request.scope["query_string"])
    content = fingerprint.over(request.stream())
    await request.settle(fingerprint, content)
    new = New(
        tenant=request.tenant.tenant_id,
        run=run,
        name=name,
        class_=document_class,
        actor=request.principal.actor,
    )
    documents = request.resources.documents
    async with documents.taking(new, content) as taken, request.creation(fingerprint=fingerprint) as creation:
        return creation.answer(_view(request, await documents.complete(creation.session, taken)))


@get(tenant_paths("/runs/{run:str}/documents"), summary="List a run's documents", tags=TAGS)
async def list_documents(request: Call, limit: Limit = 50, cursor: Cursor = None) -> DocumentList:
    """Newest first. They stay when their run is archived."""
    page, run = request.page(limit, cursor), request.path_id("run", "run")
    async with request.transaction() as session:
        found = await repository.of_run(session, request.tenant.tenant_id, run, page)
    if not found and cursor is None:
        await row_of(request, run)
    rows, last = cut(found, page, lambda row: str(row.document_id))
    return DocumentList([_view(request, one) for one in rows], request.cursor(last))


@get(tenant_paths("/runs/{run:str}/documents/{document:str}"), summary="Show a document", tags=TAGS)
async def show_document(request: Call) -> DocumentView:
    return _view(request, await _found(request))


@get(
    tenant_paths("/runs/{run:str}/documents/{document:str}/content"),
    summary="Download a document",
    tags=TAGS,
    media_type="application/octet-stream",
)
async def download_document(request: Call) -> Response[bytes]:
    """The file, to be saved. Its `ETag` is its SHA-256; whoever has that is answered 304."""
    found = await _found(request)
    tag = f'"{(found.digest or b"").hex()}"'
    content = await request.resources.documents.open(request.tenant.tenant_id, found)
    if tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(b"", status_code=304, headers={"etag": tag})
    headers = {"etag": tag, "content-length": str(found.size), "content-security-policy": _SANDBOX}
    return Download(
        content,
        name=disposition(found.name),
        media_type=found.media_type,
        headers=headers,
        goes_on=lambda: is_still_admitted(request),
    )


@post(
    tenant_paths("/runs/{run:str}/documents/{document:str}/remove"),
    summary="Remove a document",
    tags=TAGS,
    status_code=204,
)
async def remove_document(request: Call, data: JSONBody[Removal]) -> None:
    """Nobody sees it from now on; its file is gone within the hour. That of a run which is kept stays."""
    async with request.transaction() as session:
        found = await _find(request, session, lock=True)

        async def present() -> DocumentView:
            return _view(request, found)

        await request.match(present)
        await request.resources.documents.remove(session, found, data.reason, actor=request.principal.actor)


async def _found(request: Call) -> Document:
    async with request.transaction() as session:
        return await _find(request, session)


async def _find(request: Call, session: AsyncSession, *, lock: bool = False) -> Document:
    run, document = request.path_id("run", "run"), request.path_id("doc", "document")
    found = await repository.find(session, request.tenant.tenant_id, run, document, lock=lock)
    if found is None:
        raise UnknownDocument
    return found


def _view(request: Call, row: Document) -> DocumentView:
    return DocumentView(
        id=shown(row.document_id),
        run=ids.show("run", row.run_id),
        name=row.name if request.payloads == "whole" else None,
        media_type=row.media_type,
        size=row.size,
        sha256=(row.digest or b"").hex(),
        document_class=row.class_,
        state=cast("Seen", row.state),
        made_by=row.made_by,
        created_at=row.created_at,
        keep_until=row.keep_until,
    )


HANDLERS: Final = (add_document, list_documents, show_document, download_document, remove_document)
