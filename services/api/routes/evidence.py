from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from services.api.call import Call
from services.api.errors import BadParameter
from services.api.evidence_policy import ALL, ONE
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.evidence import asking, cases, listing
from services.evidence.asking import Pack
from services.evidence.cases import PREFIX, NewCase, Standing
from services.evidence.errors import NoSuchPaper
from services.evidence.tables import Refusal, State
from template_library.evidence import MOST_REQUIRED, Needed
from tenants.organizations.errors import InvalidField

TAGS: Final = ["evidence"]
_PATH: Final = ALL
_ONE: Final = ONE.replace("{case}", "{case:str}")
CaseId = Annotated[str, Meta(examples=["evc_01h455vb4pex5vsknk084sn02q"])]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$", max_length=63, examples=["proof-of-delivery"])]
Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["D-1042"])]
AboutFilter = Annotated[
    str | None,
    QueryParameter(required=False, max_length=300, description="Only about this: kind and key, `invoice:INV-7`."),
]


class CaseAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Word
    key: Key


class PaperWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper that is asked for."""

    name: Word
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["Proof of delivery"])]
    names: Annotated[
        list[Word],
        Meta(max_length=10, description="Words by which a document's name tells that it is one; else the paper's own."),
    ] = []


class PaperView(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that is asked for."""

    name: Word
    title: Annotated[str | None, Meta(description="Null for who may not see the client's business data whole.")]
    names: list[str]


class CaseWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    case: Annotated[Key, Meta(description="By which workflows and people mean the same case.")]
    about: CaseAbout
    reason: Word
    required: Annotated[list[PaperWanted], Meta(max_length=MOST_REQUIRED)]


class DocumentOfCase(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is there. `paper`: which one it counts as; null: as none that is asked for."""

    document: Annotated[str, Meta(examples=["doc_01h455vb4pex5vsknk084sn02q"])]
    paper: str | None
    by: Annotated[str, Meta(description="Whoever added it; what came from `outside:` counts once somebody says so.")]
    name: Annotated[str | None, Meta(description="Null for who may not see the client's business data whole.")]
    size: int
    sha256: str
    usable: Annotated[bool, Meta(description="False: nobody has looked into it yet.")]


class PackView(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was asked for."""

    id: Annotated[str, Meta(examples=["evp_01h455vb4pex5vsknk084sn02q"])]
    state: Annotated[State, Meta(description="`asked`: it is made within seconds.")]
    document: Annotated[str | None, Meta(description="The pack, a document of the record or the run.")]
    sha256: str | None
    parts: Annotated[int | None, Meta(description="Documents that are in it.")]
    missing: Annotated[list[str] | None, Meta(description="Papers that are not.")]
    why: Annotated[Refusal | None, Meta(description="Of one that was refused.")]


class CaseSummary(msgspec.Struct, frozen=True, kw_only=True):
    id: CaseId
    case: str
    about: CaseAbout
    reason: str
    opened_by: str
    opened_at: Instant


class CaseView(CaseSummary, frozen=True, kw_only=True):
    """What a case needs, and what is there."""

    required: list[PaperView]
    ready: Annotated[bool, Meta(description="Every paper that is asked for is there.")]
    missing: list[str]
    held: Annotated[list[str], Meta(description="Papers that are there.")]
    waiting: Annotated[list[str], Meta(description="Papers whose documents nobody has looked into yet.")]
    documents: Annotated[
        list[DocumentOfCase],
        Meta(description="Those that somebody told apart, and the newest others, 500 in all; the oldest first."),
    ]
    packs: Annotated[list[PackView], Meta(description="The newest twenty.")]


class CaseList(msgspec.Struct, frozen=True):
    items: list[CaseSummary]
    next: NextCursor


class Counting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the case's documents counts as which paper."""

    document: Annotated[str, Meta(max_length=60, examples=["doc_01h455vb4pex5vsknk084sn02q"])]
    to: Annotated[Word | None, Meta(description="Null: as none, whatever its name says.")]


class PackWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=asking.LONGEST_KEY,
            pattern=r"^[^\x00]*$",
            examples=["D-1042"],
            description="The same again is the same pack.",
        ),
    ]


@get(tenant_paths(_PATH), summary="List cases of evidence", tags=TAGS)
async def list_evidence_cases(
    request: Call, limit: Limit = 50, cursor: Cursor = None, about: AboutFilter = None
) -> CaseList:
    """Newest first."""
    page, tenant = request.page(limit, cursor), TenantId(request.tenant.tenant_id)
    kind, colon, key = (about or "").partition(":")
    if about is not None and not (kind and colon and key):
        raise BadParameter("'about' is a kind and a key, such as invoice:INV-7", parameter="about")
    async with request.resources.database.tenant(tenant) as connection:
        rows, last = await listing.listed(connection, tenant, page, kind or None, key or None)
    return CaseList([CaseSummary(**_summary(one)) for one in rows], request.cursor(last))


@post(tenant_paths(_PATH), summary="Open a case of evidence", tags=TAGS, status_code=200)
async def open_evidence_case(request: Call, data: JSONBody[CaseWanted]) -> CaseView:
    """What a dispute or a claim is to be proven with. The same again grows by what it did not ask for yet."""
    required = {one.name: Needed(title=one.title, names=one.names or [one.name]) for one in data.required}
    if len(required) < len(data.required):
        raise InvalidField("/required", "Name each paper once")
    new = NewCase(
        key=data.case, about_kind=data.about.kind, about_key=data.about.key, reason=data.reason, required=required
    )
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        case = await cases.open_case(connection, tenant, new, actor=request.principal.actor)
        return await _view(request, connection, await cases.standing(connection, tenant, case))


@get(tenant_paths(_ONE), summary="Read a case of evidence", tags=TAGS)
async def read_evidence_case(request: Call) -> CaseView:
    """With the documents of its record and of the runs that it went through."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        return await _view(request, connection, await _standing(request, connection, tenant))


@post(tenant_paths(f"{_ONE}/documents"), summary="Count a document as a paper", tags=TAGS, status_code=200)
async def count_evidence_document(request: Call, data: JSONBody[Counting]) -> CaseView:
    """For one whose name does not tell. Files are added to the record or the run; here they are told apart."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        standing = await _standing(request, connection, tenant)
        actor = request.principal.actor
        try:
            document = ids.read("doc", data.document)
        except ids.MalformedId:
            raise NoSuchPaper from None
        return await _view(
            request, connection, await cases.add(connection, tenant, standing, document, data.to, actor=actor)
        )


@post(tenant_paths(f"{_ONE}/packs"), summary="Ask for a pack", tags=TAGS, status_code=202)
async def ask_for_pack(request: Call, data: JSONBody[PackWanted]) -> PackView:
    """One PDF of what is there now, with every document attached and their hashes; made within seconds."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        case = await cases.find(connection, tenant, request.path_id(PREFIX, "case"))
        actor = request.principal.actor
        key = f"{asking.BY_PERSON}{data.key}"
        return _pack(await asking.ask(connection, tenant, case, key=key, run=None, actor=actor))


async def _standing(request: Call, connection: Any, tenant: TenantId) -> Standing:
    case = await cases.find(connection, tenant, request.path_id(PREFIX, "case"))
    return await cases.standing(connection, tenant, case)


def _summary(one: Any) -> dict[str, Any]:
    return {
        "id": ids.show(PREFIX, one.case_id),
        "case": one.key,
        "about": CaseAbout(one.about_kind, one.about_key),
        "reason": one.reason,
        "opened_by": one.opened_by,
        "opened_at": one.opened_at,
    }


async def _view(request: Call, connection: Any, of: Standing) -> CaseView:
    sees = request.payloads == "whole"
    packs = await asking.of_case(connection, TenantId(request.tenant.tenant_id), of.case.case_id)
    documents = [
        DocumentOfCase(
            document=_doc(one.document_id) or "",
            paper=one.paper or None,
            by=one.made_by,
            name=one.name if sees else None,
            size=one.size,
            sha256=one.digest.hex(),
            usable=one.is_usable,
        )
        for one in of.papers
    ]
    return CaseView(
        **_summary(of.case),
        required=[
            PaperView(name=name, title=one.title if sees else None, names=one.names)
            for name, one in of.case.required.items()
        ],
        ready=not of.missing,
        missing=of.missing,
        held=of.held,
        waiting=of.waiting,
        documents=documents,
        packs=[_pack(one) for one in packs],
    )


def _pack(one: Pack) -> PackView:
    return PackView(
        id=ids.show(asking.PREFIX, one.pack_id),
        state=one.state,
        document=_doc(one.document_id),
        sha256=None if one.digest is None else one.digest.hex(),
        parts=one.parts,
        missing=one.missing,
        why=one.why,
    )


def _doc(document: UUID | None) -> str | None:
    return None if document is None else ids.show("doc", document)


HANDLERS: Final = (
    list_evidence_cases,
    open_evidence_case,
    read_evidence_case,
    count_evidence_document,
    ask_for_pack,
)
