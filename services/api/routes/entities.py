"""The cross-reference: business entities, and what each system knows them by."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.records import entities, history, merging, reading
from services.records.errors import UnknownEntity
from services.records.history import Line
from services.records.keys import PREFIX, Key
from services.records.reading import Entity, Wanted

TAGS: Final = ["entities"]
_ONE: Final = "/entities/{entity:str}"
EntityId = Annotated[str, Meta(examples=["ety_01h455vb4pex5vsknk084sn02q"])]
Kind = Annotated[str, Meta(min_length=1, max_length=63, description="Name of a record.", examples=["customer"])]
System = Annotated[
    str, Meta(min_length=1, max_length=63, description="Such as the name of a connection.", examples=["erp"])
]
SystemId = Annotated[
    str, Meta(min_length=1, max_length=200, description="Its id there, letter for letter.", examples=["C-1001"])
]
Reason = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
KindFilter = Annotated[str | None, QueryParameter(description="Only of this kind.", required=False, max_length=63)]
SystemFilter = Annotated[
    str | None, QueryParameter(description="That this system knows.", required=False, max_length=63)
]
ValueFilter = Annotated[
    str | None, QueryParameter(description="That it knows by this.", required=False, max_length=200)
]


class EntityKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a system knows an entity by."""

    system: System
    value: SystemId


class NewEntity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Kind
    keys: Annotated[list[EntityKey], Meta(min_length=1, max_length=500)]


class KeyToLink(EntityKey, frozen=True, forbid_unknown_fields=True, kw_only=True):
    preferred: Annotated[bool, Meta(description="Of several ids in the system this is the one to write by.")] = False


class EntityToMerge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    entity: Annotated[EntityId, Meta(description="Whose keys are this one's from now on.")]
    reason: Reason


class KeysToSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    keys: Annotated[list[EntityKey], Meta(min_length=1, max_length=500)]
    reason: Reason
    back_to: Annotated[
        EntityId | None,
        Meta(description="An entity that was merged into this one, and stands for itself again. Absent: a new one."),
    ] = None


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    system: System
    value: SystemId
    preferred: bool
    linked_at: Instant
    linked_by: str


class EntityView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer, an item, an order: one, whatever each system calls it."""

    id: EntityId
    kind: Kind
    keys: Annotated[list[LinkView], Meta(description="By system, the oldest first.")]
    merged_into: Annotated[EntityId | None, Meta(description="The entity that it stands for; null: itself.")]
    created_at: Instant


class EntityList(msgspec.Struct, frozen=True):
    items: list[EntityView]
    next: NextCursor


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an entity."""

    what: Literal["created", "linked", "unlinked", "merged", "split"]
    entity: Annotated[EntityId, Meta(description="That was made or linked, took another in, or was split.")]
    other: Annotated[EntityId | None, Meta(description="That was taken in, or came of the split.")]
    keys: list[EntityKey]
    reason: str | None
    by: str
    at: Instant


class ChangeList(msgspec.Struct, frozen=True):
    items: list[ChangeView]
    next: NextCursor


@get(tenant_paths("/entities"), summary="List entities, or find one by what a system knows it by", tags=TAGS)
async def list_entities(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: KindFilter = None,
    system: SystemFilter = None,
    value: ValueFilter = None,
) -> EntityList:
    """Newest first. With `kind`, `system` and `value` it is one at most. What was merged has no keys any more."""
    wanted = Wanted(kind=kind, system=system, id=value)
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        found, position = await reading.listed(session, request.tenant.tenant_id, page, wanted)
    return EntityList([_view(one) for one in found], request.cursor(position))


@post(tenant_paths("/entities"), summary="Make an entity", tags=TAGS)
async def create_entity(request: Call, data: JSONBody[NewEntity]) -> EntityView:
    """With what systems know it by. The first id in each system is the one to write by."""
    async with request.creation() as creation:
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        made = await entities.create(creation.session, tenant_id, data.kind, _keys(data.keys), actor=actor)
        return creation.answer(_view(made))


@get(tenant_paths(_ONE), summary="Read an entity", tags=TAGS)
async def read_entity(request: Call) -> EntityView:
    """One that was merged is still read; it says which it stands for."""
    async with request.transaction() as session:
        found = await reading.find(session, request.tenant.tenant_id, request.path_id(PREFIX, "entity"))
    return _view(found)


@get(tenant_paths(f"{_ONE}/history"), summary="Read what became of an entity", tags=TAGS)
async def read_entity_history(request: Call, limit: Limit = 50, cursor: Cursor = None) -> ChangeList:
    """Newest first: made, linked, merged and split, by whom and why."""
    async with request.transaction() as session:
        found = await reading.find(session, request.tenant.tenant_id, request.path_id(PREFIX, "entity"))
        page = request.page(limit, cursor)
        lines, position = await history.read(session, found.tenant_id, found.entity_id, page)
    return ChangeList([_change(one) for one in lines], request.cursor(position))


@post(tenant_paths(f"{_ONE}/keys"), summary="Link an entity with a key", tags=TAGS, status_code=200)
async def link_entity(request: Call, data: JSONBody[KeyToLink]) -> EntityView:
    """A key is one entity's: another's is refused with `entity-key-taken`, which names it. Safe to repeat."""
    async with request.transaction() as session:
        found = await _held(request, session)
        key = Key(data.system, data.value)
        linked = await entities.link(session, found, key, preferred=data.preferred, actor=request.principal.actor)
    return _view(linked)


@post(tenant_paths(f"{_ONE}/keys/remove"), summary="Take a key from an entity", tags=TAGS, status_code=200)
async def unlink_entity(request: Call, data: JSONBody[EntityKey]) -> EntityView:
    """The system does not know it by this any more. The history keeps it."""
    async with request.transaction() as session:
        found = await _held(request, session)
        left = await entities.unlink(session, found, Key(data.system, data.value), actor=request.principal.actor)
    return _view(left)


@post(tenant_paths(f"{_ONE}/merge"), summary="Merge another entity into this one", tags=TAGS, status_code=200)
async def merge_entities(request: Call, data: JSONBody[EntityToMerge]) -> EntityView:
    """They turned out to be one: all keys are this one's, and the other stands for this. Safe to repeat."""
    async with request.creation() as creation:
        found = await _held(request, creation.session)
        other = _read(data.entity)
        merged = await merging.merge(creation.session, found, other, data.reason, actor=request.principal.actor)
        return creation.answer(_view(merged))


@post(tenant_paths(f"{_ONE}/split"), summary="Split an entity in two", tags=TAGS)
async def split_entity(request: Call, data: JSONBody[KeysToSplit]) -> EntityView:
    """It turned out to be two: these keys are another's, which is answered. `back_to` takes a merge back."""
    async with request.creation() as creation:
        found = await _held(request, creation.session)
        back_to = None if data.back_to is None else _read(data.back_to)
        keys, actor = _keys(data.keys), request.principal.actor
        apart = await merging.split(creation.session, found, keys, data.reason, back_to=back_to, actor=actor)
        return creation.answer(_view(apart))


async def _held(request: Call, session: AsyncSession) -> Entity:
    """The entity in the path as it stays, at the version that the caller saw."""
    found = await reading.find(session, request.tenant.tenant_id, request.path_id(PREFIX, "entity"), lock=True)

    async def present() -> EntityView:
        return _view(found)

    await request.match(present)
    return found


def _read(text: str) -> UUID:
    """Of a body. One that is malformed is unknown."""
    try:
        return ids.read(PREFIX, text)
    except ids.MalformedId:
        raise UnknownEntity from None


def _keys(given: list[EntityKey]) -> list[Key]:
    return [Key(one.system, one.value) for one in given]


def _view(one: Entity) -> EntityView:
    return EntityView(
        id=ids.show(PREFIX, one.entity_id),
        kind=one.kind,
        keys=[
            LinkView(
                system=link.key.system,
                value=link.key.id,
                preferred=link.is_preferred,
                linked_at=link.linked_at,
                linked_by=link.linked_by,
            )
            for link in one.links
        ],
        merged_into=None if one.stands_for == one.entity_id else ids.show(PREFIX, one.stands_for),
        created_at=one.created_at,
    )


def _change(line: Line) -> ChangeView:
    return ChangeView(
        what=line.what,
        entity=ids.show(PREFIX, line.entity_id),
        other=None if line.other is None else ids.show(PREFIX, line.other),
        keys=[EntityKey(key.system, key.id) for key in line.keys],
        reason=line.reason,
        by=line.by,
        at=line.at,
    )


HANDLERS: Final = (
    list_entities,
    create_entity,
    read_entity,
    read_entity_history,
    link_entity,
    unlink_entity,
    merge_entities,
    split_entity,
)
