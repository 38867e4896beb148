"""Documents as they are asked for and answered, of a run and of an entity alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, cast

import msgspec
from litestar import Response
from litestar.params import QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page, cut
from services.api.access import is_still_admitted
from services.api.call import Call
from services.api.download import Download
from services.api.fields import Instant, NextCursor
from services.api.kept_answers import Fingerprint
from services.documents import repository
from services.documents.documents import New, home, shown
from services.documents.errors import UnknownDocument
from services.documents.names import disposition
from services.documents.repository import Of
from services.documents.tables import Class, Document, Seen

TAGS: Final = ["documents"]
# Whatever a file holds, it is saved and never shown on a partner's own host (S-101).
_SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
Whose = Callable[[AsyncSession], Awaitable[Of]]
"""Whose documents the path of a request means."""

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
    """A file of a run, of an entity, or of both, without what is in it."""

    id: Annotated[str, Meta(examples=["doc_01h455vb4pex5vsknk084sn02q"])]
    run: Annotated[str | None, Meta(examples=["run_01h455vb4pex5vsknk084sn02q"])]
    entity: Annotated[
        str | None,
        Meta(
            description="That it was given to, also where that was merged since.",
            examples=["ety_01h455vb4pex5vsknk084sn02q"],
        ),
    ]
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
    keep_until: Annotated[Instant, Meta(description="Then it is removed, unless its run or its entity is kept.")]


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="Why; it is in the audit.")]


class DocumentList(msgspec.Struct, frozen=True):
    items: list[DocumentView]
    next: NextCursor


async def take(request: Call, new: New) -> DocumentView:
    """The body as a document, once under its key. The caller has found what it is for."""
    fingerprint = Fingerprint(request.scope["query_string"])
    content = fingerprint.over(request.stream())
    await request.settle(fingerprint, content)
    documents = request.resources.documents
    async with documents.taking(new, content) as taken, request.creation(fingerprint=fingerprint) as creation:
        return creation.answer(_view(request, await documents.complete(creation.session, taken)))


async def listed(request: Call, session: AsyncSession, of: Of, page: Page) -> DocumentList:
    found = await repository.listed(session, request.tenant.tenant_id, of, page)
    rows, last = cut(found, page, lambda row: str(row.document_id))
    return DocumentList([_view(request, one) for one in rows], request.cursor(last))


async def show(request: Call, whose: Whose) -> DocumentView:
    return _view(request, await _found(request, whose))


async def send(request: Call, whose: Whose) -> Response[bytes]:
    """The file itself, or 304 to who has it."""
    found = await _found(request, whose)
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


async def remove(request: Call, whose: Whose, reason: str) -> None:
    async with request.transaction() as session:
        found = await _find(request, session, whose, lock=True)

        async def present() -> DocumentView:
            return _view(request, found)

        await request.match(present)
        await request.resources.documents.remove(session, found, reason, actor=request.principal.actor)


async def _found(request: Call, whose: Whose) -> Document:
    async with request.transaction() as session:
        return await _find(request, session, whose)


async def _find(request: Call, session: AsyncSession, whose: Whose, *, lock: bool = False) -> Document:
    document = request.path_id("doc", "document")
    found = await repository.find(session, request.tenant.tenant_id, await whose(session), document, lock=lock)
    if found is None:
        raise UnknownDocument
    return found


def _view(request: Call, row: Document) -> DocumentView:
    of = home(row)
    return DocumentView(
        id=shown(row.document_id),
        run=of.get("run"),
        entity=of.get("entity"),
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
