"""Mappings: how events of systems become records. An environment's own, and its partner's for all its clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.redis import JUDGE
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.engine.expressions.evaluator import Expressions
from services.records.errors import ExamplesFail, InvalidMapping
from services.records.intake import Packs
from services.records.mapping import shelf, trying
from services.records.mapping.connections import connection_of
from services.records.mapping.document import Document, Mapping, Overlay
from services.records.mapping.shelf import Shelf, Version
from tenants.organizations import service as organizations

TAGS: Final = ["mappings"]
_OF_PARTNER: Final = "/v1/partners/{partner:str}/mappings"
_ONE: Final = "/{mapping:str}"
VersionFilter = Annotated[
    int | None, QueryParameter(description="This version; absent: the newest.", required=False, ge=1)
]
AllVersions = Annotated[
    str | None, QueryParameter(name="name", description="All versions of this one.", required=False, max_length=63)
]


class MappingView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a mapping."""

    name: Annotated[str, Meta(examples=["shop-orders"])]
    version: Annotated[int, Meta(description="Raised with the draft that follows a release.")]
    mapping: Annotated[Mapping | None, Meta(description="As it was written; null: it is an overlay.")]
    overlay: Overlay | None
    made_by: str
    made_at: Instant
    released_by: str | None
    released_at: Annotated[Instant | None, Meta(description="Null: a draft, by which nothing is done.")]


class MappingList(msgspec.Struct, frozen=True):
    items: list[MappingView]
    next: NextCursor


class NewMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Exactly one of them."""

    mapping: Mapping | None = None
    overlay: Annotated[
        Overlay | None, Meta(description="Over the partner's mapping of the same name; of an environment alone.")
    ] = None


class MappingToTry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: Annotated[int, Meta(ge=1, description="Null: the newest.")] | None = None
    data: Annotated[
        Any, Meta(description="Of an event that came in. Absent: the mapping's own examples are tried.")
    ] = None
    attributes: Annotated[dict[str, Any], Meta(max_length=20, description="Of that event: type, time.")] = {}


class MappingToRelease(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: Annotated[int, Meta(ge=1, description="Of the draft.")]


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one event."""

    name: str
    passes: bool
    record: Annotated[dict[str, Any] | None, Meta(description="Null: nothing is taken of it, or nothing came.")]
    tells: Annotated[dict[str, Any] | None, Meta(description="By the mapping's `tell`.")]
    cause: str | None
    detail: str | None
    errors: Annotated[list[dict[str, str]], Meta(description="Faults of the record: `pointer` and `detail`.")]


class TriedMapping(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    outcomes: list[OutcomeView]


@get(tenant_paths("/mappings"), summary="List mappings", tags=TAGS)
async def list_mappings(
    request: Call, limit: Limit = 50, cursor: Cursor = None, name: AllVersions = None
) -> MappingList:
    """The newest version of each, by name; with `name` all of its versions, the newest first."""
    return await _listed(request, _own(request), limit, cursor, name)


@get(tenant_paths(f"/mappings{_ONE}"), summary="Read a mapping", tags=TAGS)
async def read_mapping(request: Call, mapping: FromPath[str], version: VersionFilter = None) -> MappingView:
    """With its document as it was written."""
    return await _read(request, _own(request), mapping, version)


@put(tenant_paths(f"/mappings{_ONE}"), summary="Write a mapping's draft", tags=TAGS)
async def put_mapping(request: Call, mapping: FromPath[str], data: JSONBody[NewMapping]) -> MappingView:
    """A draft that is there is replaced; else the next version is begun. Nothing is done by it before its release."""
    return await _put(request, _own(request), mapping, data)


@post(tenant_paths(f"/mappings{_ONE}/try"), summary="Try a mapping", tags=TAGS, status_code=200)
async def try_mapping(request: Call, mapping: FromPath[str], data: JSONBody[MappingToTry]) -> TriedMapping:
    """On its own examples, or on an event. Changes nothing."""
    return await _try(request, _own(request), mapping, data)


@post(tenant_paths(f"/mappings{_ONE}/release"), summary="Release a mapping", tags=TAGS, status_code=200)
async def release_mapping(request: Call, mapping: FromPath[str], data: JSONBody[MappingToRelease]) -> MappingView:
    """Its examples are tried; then it is what is done, and never changes. Events that waited for it are tried again."""
    return await _release(request, _own(request), mapping, data.version)


@get(_OF_PARTNER, summary="List a partner's mappings", tags=TAGS)
async def list_partner_mappings(
    request: Call,
    partner: FromPath[str],
    limit: Limit = 50,
    cursor: Cursor = None,
    name: AllVersions = None,
) -> MappingList:
    """The newest version of each, by name; with `name` all of its versions, the newest first."""
    return await _listed(request, await _partners(request, partner), limit, cursor, name)


@get(f"{_OF_PARTNER}{_ONE}", summary="Read a partner's mapping", tags=TAGS)
async def read_partner_mapping(
    request: Call, partner: FromPath[str], mapping: FromPath[str], version: VersionFilter = None
) -> MappingView:
    """With its document as it was written."""
    return await _read(request, await _partners(request, partner), mapping, version)


@put(f"{_OF_PARTNER}{_ONE}", summary="Write the draft of a partner's mapping", tags=TAGS)
async def put_partner_mapping(
    request: Call, partner: FromPath[str], mapping: FromPath[str], data: JSONBody[NewMapping]
) -> MappingView:
    """A draft that is there is replaced; else the next version is begun."""
    return await _put(request, await _partners(request, partner), mapping, data)


@post(f"{_OF_PARTNER}{_ONE}/try", summary="Try a partner's mapping", tags=TAGS, status_code=200)
async def try_partner_mapping(
    request: Call, partner: FromPath[str], mapping: FromPath[str], data: JSONBody[MappingToTry]
) -> TriedMapping:
    """On its own examples, or on an event. Changes nothing."""
    return await _try(request, await _partners(request, partner), mapping, data)


@post(f"{_OF_PARTNER}{_ONE}/release", summary="Release a partner's mapping", tags=TAGS, status_code=200)
async def release_partner_mapping(
    request: Call, partner: FromPath[str], mapping: FromPath[str], data: JSONBody[MappingToRelease]
) -> MappingView:
    """Its examples are tried; then it never changes. Clients lay their overlays over it; nothing of theirs changes."""
    return await _release(request, await _partners(request, partner), mapping, data.version)


def _own(request: Call) -> Shelf:
    return Shelf(request.tenant.partner_id, request.tenant.tenant_id)


async def _partners(request: Call, partner: str) -> Shelf:
    async with request.transaction() as session:
        return Shelf((await organizations.find_partner(session, partner)).partner_id)


async def _listed(request: Call, its: Shelf, limit: int, cursor: str | None, name: str | None) -> MappingList:
    async with request.transaction() as session:
        found, position = await shelf.listed(session, its, request.page(limit, cursor), name)
    return MappingList([_view(one) for one in found], request.cursor(position))


async def _read(request: Call, its: Shelf, name: str, version: int | None) -> MappingView:
    async with request.transaction() as session:
        return _view(await shelf.find(session, its, name, version))


async def _put(request: Call, its: Shelf, name: str, data: NewMapping) -> MappingView:
    async with request.transaction() as session:
        await shelf.lock(session, its, name)

        async def present() -> MappingView:
            return _view(await shelf.find(session, its, name))

        await request.match(present)
        return _view(await shelf.put(session, its, name, _document(data), actor=request.principal.actor))


async def _try(request: Call, its: Shelf, name: str, data: MappingToTry) -> TriedMapping:
    async with request.transaction() as session:
        found = await shelf.find(session, its, name, data.version)
        whole = await shelf.whole(session, its, name, found.document)
    evaluator, lane = Expressions(request.resources.expressions), _lane(its)
    if data.data is None:
        outcomes = await trying.examples(evaluator, whole, lane=lane)
    else:
        event = {"type": next(iter(whole.events)), **data.attributes, "data": data.data}
        outcomes = [await trying.attempt(evaluator, whole, event, packs=_packs(request, its, whole, event), lane=lane)]
    views = [msgspec.convert(one, OutcomeView, from_attributes=True) for one in outcomes]
    return TriedMapping(version=found.version, outcomes=views)


async def _release(request: Call, its: Shelf, name: str, version: int) -> MappingView:
    """Examples are tried between two transactions; the second one takes the draft that was tried, or none."""
    async with request.transaction() as session:
        draft = await shelf.find(session, its, name, version)
        whole = await shelf.whole(session, its, name, draft.document)
    if draft.released_at is not None:
        return _view(draft)
    tried = await trying.examples(Expressions(request.resources.expressions), whole, lane=_lane(its))
    failed = [one for one in tried if not one.passes]
    if failed:
        words = [{"name": one.name, "detail": one.detail, "errors": one.errors} for one in failed]
        raise ExamplesFail(f"{len(failed)} of {len(tried)} do not: {failed[0].name}", examples=words)
    async with request.transaction() as session:
        released = await shelf.release(session, its, draft, actor=request.principal.actor)
    if its.tenant_id is not None:
        request.resources.ring(JUDGE)
    return _view(released)


def _packs(request: Call, its: Shelf, whole: Mapping, event: dict[str, Any]) -> Callable[..., Awaitable[Any]]:
    if its.tenant_id is None:
        return _nothing
    system = whole.connections.get(connection_of(event) or "") or whole.system
    return Packs(request.resources.database, TenantId(its.tenant_id), system)


async def _nothing(_items: Any) -> dict[str, Any]:
    """A partner's mapping is tried without any client's records."""
    return {}


def _lane(its: Shelf) -> str:
    return ids.show("ptr", its.partner_id) if its.tenant_id is None else ids.show("ten", its.tenant_id)


def _document(data: NewMapping) -> Document:
    given = [one for one in (data.mapping, data.overlay) if one is not None]
    if len(given) != 1:
        raise InvalidMapping("give exactly one of mapping and overlay", errors=[])
    return given[0]


def _view(one: Version) -> MappingView:
    return MappingView(
        name=one.name,
        version=one.version,
        mapping=one.document if isinstance(one.document, Mapping) else None,
        overlay=one.document if isinstance(one.document, Overlay) else None,
        made_by=one.made_by,
        made_at=one.made_at,
        released_by=one.released_by,
        released_at=one.released_at,
    )


HANDLERS: Final = (
    list_mappings,
    read_mapping,
    put_mapping,
    try_mapping,
    release_mapping,
    list_partner_mappings,
    read_partner_mapping,
    put_partner_mapping,
    try_partner_mapping,
    release_partner_mapping,
)
