"""Endpoints for webhooks as people manage them (ADR 0060)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api.call import Call
from services.api.fields import SLUG_PATTERN, Cursor, Instant, Limit, NextCursor, StatusFilter, filter_id
from services.api.policy import tenant_paths
from services.inbound import mapping, service, verification
from services.inbound.directory import source_of
from services.inbound.errors import InvalidHook
from services.inbound.mapping import EventOf
from services.inbound.service import OVERLAP_SECONDS, Changes, Pair, Plan
from services.inbound.verification import Verification
from tenants.identity.permissions import Permission
from tenants.identity.principal import Principal

TAGS: Final = ["inbound webhooks"]
BASE: Final = "/inbound-webhooks"
ONE: Final = f"{BASE}/{{hook:str}}"
_DEFAULT: Final = ["application/json"]
MediaTypes = Annotated[
    list[Annotated[str, Meta(max_length=100)]],
    Meta(
        min_length=1,
        max_length=8,
        description="What its requests may be; any other is refused. Absent: JSON.",
        examples=[_DEFAULT],
    ),
]
Chosen = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=512,
        description="What the sender has chosen. Absent: 32 bytes of ours, as `whsec_…`, which the answer shows.",
    ),
]


class NewHook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(pattern=SLUG_PATTERN, description="Its events have the source `/webhooks/NAME`.")]
    connection: Annotated[str, Meta(description="Id of the connection to the system that sends.")]
    verification: Verification
    event: EventOf
    media_types: MediaTypes | UnsetType = UNSET
    secret: Chosen | None = None


class HookChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays; each is given whole. For another way of verification make another endpoint."""

    event: EventOf | UnsetType = UNSET
    media_types: MediaTypes | UnsetType = UNSET


class SecretRotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    secret: Chosen | None = None
    overlap_seconds: Annotated[
        int, Meta(ge=0, le=OVERLAP_SECONDS, description="How long the old secret is good still; 0 if it got out.")
    ] = OVERLAP_SECONDS


class HookToDelete(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(description="Of the endpoint, so that no other one is meant.")]


class GoodSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that senders may sign with now; never its value."""

    version: int
    last4: str
    made_at: Instant
    ends_at: Annotated[Instant | None, Meta(description="Null: the present one.")]


class HookView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that another system sends its webhooks to."""

    id: Annotated[str, Meta(examples=["hok_01h455vb4pex5vsknk084sn02q"])]
    name: str
    connection: str
    path: Annotated[
        str | UnsetType,
        Meta(
            description="Where to send, below the address of the API. Absent without `connections:write`.",
            examples=["/hooks/Zk3vJ0eWQm2mJ0x1d2n8sg"],
        ),
    ] = UNSET
    source: Annotated[str, Meta(description="Of its events.", examples=["/webhooks/shop"])]
    verification: Verification
    event: EventOf
    media_types: list[str]
    weaknesses: Annotated[
        list[Literal["static-token", "no-timestamp", "id-not-signed"]],
        Meta(
            description="What the declared way leaves open: the secret travels with each request; a request that got"
            " about is good for ever; or is good again under another id."
        ),
    ]
    secrets: list[GoodSecret]
    status: Literal["active", "disabled", "deleted"]
    created_at: Instant
    updated_at: Instant


class MadeHook(HookView, frozen=True, kw_only=True):
    """With its secret, shown this once."""

    secret: Annotated[str, Meta(description="What the sender signs with. It is never shown again.")]


class HookList(msgspec.Struct, frozen=True):
    items: list[HookView]
    next: NextCursor


@post(tenant_paths(BASE), summary="Create an endpoint for webhooks", tags=TAGS)
async def create_hook(request: Call, data: JSONBody[NewHook]) -> MadeHook:
    """Active at once. Give its path and its secret to the system that sends."""
    plan = Plan(
        name=data.name,
        connection_id=_connection(data.connection),
        verification=data.verification,
        event=data.event,
        media_types=_DEFAULT if isinstance(data.media_types, UnsetType) else data.media_types,
        secret=data.secret,
    )
    async with request.creation() as creation:
        safe, actor = request.resources.hooks.safe, request.principal.actor
        made, secret = await service.create(creation.session, request.tenant.tenant_id, plan, safe=safe, actor=actor)
        return creation.answer(_made(request, made, secret))


@get(tenant_paths(BASE), summary="List endpoints for webhooks", tags=TAGS)
async def list_hooks(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: StatusFilter = None,
    connection: Annotated[str | None, QueryParameter(description="Only of this connection.", required=False)] = None,
) -> HookList:
    """Newest first, without those that were deleted."""
    page, of = request.page(limit, cursor), filter_id("con", "connection", connection)
    async with request.transaction() as session:
        tenant = request.tenant.tenant_id
        rows, last = await service.list_hooks(session, tenant, page, connection_id=of, status=status)
        return HookList([view(row, request.principal) for row in rows], request.cursor(last))


@get(tenant_paths(ONE), summary="Read an endpoint for webhooks", tags=TAGS)
async def read_hook(request: Call) -> HookView:
    """Its secret is never shown."""
    async with request.transaction() as session:
        return await _present(request, session)


@patch(tenant_paths(ONE), summary="Change an endpoint for webhooks", tags=TAGS)
async def change_hook(request: Call, data: JSONBody[HookChanges]) -> HookView:
    """What comes from two seconds on is read in the new way; what was received may be replayed in it."""
    changes = Changes(event=data.event, media_types=data.media_types)
    async with request.transaction() as session:
        await request.match(lambda: _present(request, session, lock=True))
        hook_id, actor = request.path_id("hok", "hook"), request.principal.actor
        changed = await service.change(session, request.tenant.tenant_id, hook_id, changes, actor=actor)
        return view(changed, request.principal)


@post(tenant_paths(f"{ONE}/rotate"), summary="Rotate an endpoint's secret", tags=TAGS)
async def rotate_secret(request: Call, data: JSONBody[SecretRotation]) -> MadeHook:
    """The new secret is good within two seconds, the one before it until the overlap ends: 24 hours by default."""
    hook_id, tenant_id = request.path_id("hok", "hook"), request.tenant.tenant_id
    async with request.creation() as creation:
        await request.match(lambda: _present(request, creation.session, lock=True))
        made, secret = await service.rotate(
            creation.session,
            tenant_id,
            hook_id,
            data.secret,
            data.overlap_seconds,
            safe=request.resources.hooks.safe,
            actor=request.principal.actor,
        )
        return creation.answer(_made(request, made, secret))


@post(tenant_paths(f"{ONE}/disable"), summary="Disable an endpoint for webhooks", tags=TAGS, status_code=200)
async def disable_hook(request: Call) -> HookView:
    """Within two seconds it takes nothing: its sender is told 410, anybody else that nothing is there."""
    return await _set_status(request, "disabled")


@post(tenant_paths(f"{ONE}/enable"), summary="Enable an endpoint for webhooks", tags=TAGS, status_code=200)
async def enable_hook(request: Call) -> HookView:
    """Safe to repeat."""
    return await _set_status(request, "active")


@post(tenant_paths(f"{ONE}/delete"), summary="Delete an endpoint for webhooks", tags=TAGS, status_code=200)
async def delete_hook(request: Call, data: JSONBody[HookToDelete]) -> HookView:
    """For good: its address is nobody's, its secrets are gone, and its name is free."""
    async with request.transaction() as session:
        await request.match(lambda: _present(request, session, lock=True))
        hook_id, actor = request.path_id("hok", "hook"), request.principal.actor
        tenant_id = request.tenant.tenant_id
        return view(await service.remove(session, tenant_id, hook_id, data.name, actor=actor), request.principal)


async def _set_status(request: Call, status: service.Status) -> HookView:
    async with request.transaction() as session:
        await request.match(lambda: _present(request, session, lock=True))
        hook_id, actor = request.path_id("hok", "hook"), request.principal.actor
        found = await service.set_status(session, request.tenant.tenant_id, hook_id, status, actor=actor)
        return view(found, request.principal)


async def _present(request: Call, session: AsyncSession, *, lock: bool = False) -> HookView:
    hook_id = request.path_id("hok", "hook")
    return view(await service.find(session, request.tenant.tenant_id, hook_id, lock=lock), request.principal)


def _connection(text: str) -> UUID:
    try:
        return ids.read("con", text)
    except ids.MalformedId:
        errors = [{"pointer": "/connection", "detail": "is no id of a connection"}]
        raise InvalidHook("/connection is no id of a connection", errors=errors) from None


def view(pair: Pair, principal: Principal) -> HookView:
    """Where it is, is for whoever may change it."""
    return HookView(**_members(pair, principal))


def _made(request: Call, pair: Pair, secret: str) -> MadeHook:
    request.version(view(pair, request.principal))
    return MadeHook(**_members(pair, request.principal), secret=secret)


def _members(pair: Pair, principal: Principal) -> dict[str, Any]:
    row, secrets = pair
    declared, event = msgspec.convert(row.verification, Verification), msgspec.convert(row.event, EventOf)
    return {
        "id": ids.show("hok", row.hook_id),
        "name": row.name,
        "connection": ids.show("con", row.connection_id),
        "path": f"/hooks/{row.address}" if Permission.CONNECTIONS_WRITE in principal.permissions else UNSET,
        "source": source_of(row.name),
        "verification": declared,
        "event": event,
        "media_types": row.media_types,
        "weaknesses": verification.weaknesses(declared) + mapping.weaknesses(event, declared),
        "secrets": [
            GoodSecret(version=one.version, last4=one.last4, made_at=one.made_at, ends_at=one.ends_at)
            for one in secrets
        ],
        "status": row.status,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


HANDLERS: Final = (
    create_hook,
    list_hooks,
    read_hook,
    change_hook,
    rotate_secret,
    disable_hook,
    enable_hook,
    delete_hook,
)
