from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock, ids
from infra.database import Scope as Rows
from infra.database import take_turn
from services.api.call import Call, scope_of
from services.api.fields import Cursor, Environment, Instant, Limit, Name, NextCursor
from tenants.identity import networks, service, withdrawals
from tenants.identity.errors import UnknownKey
from tenants.identity.models import ApiKey
from tenants.identity.permissions import Permission, Scope
from tenants.identity.service import MAX_OVERLAP_SECONDS, OVERLAP_SECONDS, Holder, KeyStatus, NewKey
from tenants.organizations import service as organizations
from tenants.organizations.errors import ClientStands, InvalidField

TAGS: Final = ["keys"]
_YEAR_SECONDS: Final = 366 * 24 * 3600


class NewKeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For the caller's own scope when it names nobody, else for the partner or the environment that it names."""

    name: Name
    partner: Annotated[str | None, Meta(description="Id or slug of a partner; only the operator names one.")] = None
    client: Annotated[str | None, Meta(description="Id or slug of a client; with `environment`.")] = None
    environment: Environment | None = None
    permissions: (
        Annotated[
            list[Permission],
            Meta(min_length=1, max_length=64, description="Absent: the scope's default. Nobody grants what they lack."),
        ]
        | None
    ) = None
    expires_in: (
        Annotated[
            int,
            Meta(ge=1, le=10 * _YEAR_SECONDS, description="Seconds until it ends. Absent: with its maker, or never."),
        ]
        | None
    ) = None
    networks: Annotated[
        list[Annotated[str, Meta(max_length=64, examples=["203.0.113.0/24"])]],
        Meta(max_length=32, description="From where it may be used. Absent: from wherever the key that makes it may."),
    ] = []


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    overlap_seconds: Annotated[
        int, Meta(ge=0, le=MAX_OVERLAP_SECONDS, description="How long the old key still works.")
    ] = OVERLAP_SECONDS


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: Annotated[str, Meta(examples=["key_01h455vb4pex5vsknk084sn02q"])]
    name: Name
    scope: Scope
    partner: str | None
    tenant: str | None
    permissions: list[str]
    networks: Annotated[list[str], Meta(description="From where it may be used; empty: from everywhere.")]
    status: KeyStatus
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Annotated[Instant | None, Meta(description="Half a minute old at most; null: never.")]
    made_by: Annotated[
        str | None,
        Meta(
            description="Who made it. Keys outlast an account that is disabled: look for its own and revoke them.",
            examples=["account:acc_01h455vb4pex5vsknk084sn02q"],
        ),
    ]


class MadeKey(KeyView, frozen=True, kw_only=True):
    """With its text, shown this once."""

    key: Annotated[str, Meta(description="The API key. It is never shown again.")]


class ListedKey(KeyView, frozen=True, kw_only=True):
    holder: Annotated[
        str | None,
        Meta(description="Whom it is for: a partner's slug, or client and environment.", examples=["acme/live"]),
    ]


class KeyList(msgspec.Struct, frozen=True):
    items: list[ListedKey]
    next: NextCursor


class _Set(msgspec.Struct, frozen=True):
    """What people set: the version of a key, whenever it is used."""

    name: str
    permissions: list[str]
    networks: list[str]
    expires_at: datetime | None
    rotated_at: datetime | None
    revoked_at: datetime | None


@post("/v1/keys", summary="Create an API key", tags=TAGS)
async def create_key(request: Call, data: JSONBody[NewKeyBody]) -> MadeKey:
    """The answer holds the key's text; it is stored nowhere and cannot be shown again."""
    holder = await _holder(request, data)
    new = NewKey(
        name=data.name,
        holder=holder,
        permissions=None if data.permissions is None else frozenset(data.permissions),
        expires_in=data.expires_in,
        networks=networks.read(data.networks),
    )
    async with request.creation(service.scope_for(holder, request.principal)) as creation:
        made, text = await service.create(creation.session, new, request.principal)
        return creation.answer(_made(request, made, text))


@get("/v1/keys", summary="List API keys", tags=TAGS)
async def list_keys(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    of_scope: Annotated[
        Scope | None, QueryParameter(name="scope", description="Only keys of this scope.", required=False)
    ] = None,
    partner: Annotated[str | None, QueryParameter(description="Only of this partner.", required=False)] = None,
    client: Annotated[str | None, QueryParameter(description="Only of this client.", required=False)] = None,
) -> KeyList:
    """Those that you may manage, newest first, revoked and expired ones too."""
    async with request.transaction() as session:
        partner_id, tenants = request.principal.partner_id, None
        if partner is not None:
            partner_id = (await organizations.find_partner(session, partner)).partner_id
        if client is not None:
            found = await organizations.find_client(session, partner_id, client)
            tenants = [one.tenant_id for one in await organizations.tenants_of(session, found)]
        rows, last = await service.list_keys(
            session, request.page(limit, cursor), scope=of_scope, partner_id=partner_id, tenants=tenants
        )
        partners = {row.partner_id for row in rows if row.partner_id is not None and row.tenant_id is None}
        names = await organizations.names_of(session, partners, {row.tenant_id for row in rows if row.tenant_id})
    now = clock.now()
    items = []
    for row in rows:
        of = row.tenant_id or row.partner_id
        items.append(ListedKey(**_members(row, now), holder=None if of is None else names.get(of)))
    return KeyList(items, request.cursor(last))


@get("/v1/keys/{key:str}", summary="Read an API key", tags=TAGS)
async def read_key(request: Call) -> KeyView:
    async with request.transaction() as session:
        return _shown(request, await service.find(session, request.path_id("key", "key")))


@post("/v1/keys/{key:str}/rotate", summary="Rotate an API key", tags=TAGS)
async def rotate_key(request: Call, data: JSONBody[Rotation]) -> MadeKey:
    """Makes a successor with the same permissions and end; a key has one successor.

    The old key works until the overlap ends: 24 hours by default.
    """
    key_id = request.path_id("key", "key")
    found = await _found(request, key_id)
    async with request.creation(service.scope_for(found, request.principal)) as creation:
        await _match(request, creation.session, key_id)
        overlap = data.overlap_seconds
        made, text = await service.rotate(creation.session, key_id, request.principal, overlap_seconds=overlap)
        return creation.answer(_made(request, made, text))


@post("/v1/keys/{key:str}/revoke", summary="Revoke an API key", tags=TAGS, status_code=200)
async def revoke_key(request: Call) -> KeyView:
    """It stops within 5 seconds. Safe to repeat."""
    key_id = request.path_id("key", "key")
    found = await _found(request, key_id)
    actor = request.principal.actor
    async with request.transaction(service.scope_for(found, request.principal)) as session:
        await _match(request, session, key_id)
        shown = _shown(request, await service.revoke(session, key_id, actor))
    if found.scope == Scope.PARTNER and found.partner_id is not None and request.principal.scope is Scope.OPERATOR:
        # The operator's scope sees no invitation. Should this not come to be, nobody enters by one of a revoked key.
        async with request.transaction(Rows.partner(found.partner_id)) as session:
            await withdrawals.of(session, f"key:{shown.id}", actor=actor)
    return shown


async def _match(request: Call, session: AsyncSession, key_id: UUID) -> None:
    async def present() -> _Set:
        return _set(await service.find(session, key_id))

    await take_turn(session, "key", key_id)
    await request.match(present)


async def _found(request: Call, key_id: UUID) -> ApiKey:
    async with request.transaction() as session:
        return await service.find(session, key_id)


async def _holder(request: Call, data: NewKeyBody) -> Holder:
    """Whom the key is for: proven to be the caller's to name, else answered as unknown."""
    who = request.principal
    if (data.client is None) != (data.environment is None):
        raise InvalidField("/environment", "Give client and environment together")
    if data.partner is None and data.client is None:
        return Holder(partner_id=who.partner_id, tenant_id=who.tenant_id)
    if who.scope is Scope.CLIENT:
        # A client's key sees no organization; whoever it names is unknown to it, unless it names itself.
        if data.partner is None and data.client == who.client_slug and data.environment == who.environment:
            return Holder(partner_id=who.partner_id, tenant_id=who.tenant_id)
        raise UnknownKey("No such client that this key may make keys for")
    async with request.transaction(scope_of(who)) as session:
        partner_id = who.partner_id
        if data.partner is not None:
            partner_id = (await organizations.find_partner(session, data.partner)).partner_id
        if data.client is None or data.environment is None:
            return Holder(partner_id=partner_id)
        client = await organizations.find_client(session, partner_id, data.client)
        if client.status == "deleted":
            raise ClientStands("The client is deleted")
        tenant = await organizations.find_tenant(session, client, data.environment)
        return Holder(partner_id=client.partner_id, tenant_id=tenant.tenant_id)


def view(row: ApiKey, now: datetime) -> KeyView:
    return KeyView(**_members(row, now))


def _set(row: ApiKey) -> _Set:
    return _Set(
        name=row.name,
        permissions=sorted(row.permissions),
        networks=row.networks or [],
        expires_at=row.expires_at,
        rotated_at=row.rotated_at,
        revoked_at=row.revoked_at,
    )


def _shown(request: Call, row: ApiKey) -> KeyView:
    request.version(_set(row))
    return view(row, clock.now())


def _made(request: Call, row: ApiKey, text: str) -> MadeKey:
    request.version(_set(row))
    return MadeKey(**_members(row, clock.now()), key=text)


def _members(row: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "id": ids.show("key", row.key_id),
        "name": row.name,
        "scope": Scope(row.scope),
        "partner": None if row.partner_id is None else ids.show("ptr", row.partner_id),
        "tenant": None if row.tenant_id is None else ids.show("ten", row.tenant_id),
        "permissions": sorted(row.permissions),
        "networks": row.networks or [],
        "status": service.status_of(row, now),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
        "made_by": row.made_by,
    }


HANDLERS: Final = (create_key, list_keys, read_key, rotate_key, revoke_key)
