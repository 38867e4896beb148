"""Endpoints for webhooks as people manage them (ADR 0060)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api.call import Call
from services.api.fields import SLUG_PATTERN, Cursor, Limit, NextCursor, StatusFilter, filter_id
from services.api.hook_view import HookView, ListedHook, MadeHook, listed, view, with_secret
from services.api.policy import tenant_paths
from services.connectors.sdk.manifest import WebhookForm
from services.inbound import service
from services.inbound.errors import InvalidHook
from services.inbound.mapping import EventOf
from services.inbound.service import OVERLAP_SECONDS, Changes, Pair, Plan
from services.inbound.verification import Verification
from tenants.connections import repository as connections

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
    trigger: Annotated[
        str | UnsetType,
        Meta(description="A webhook of the connection's connector, in place of verification, event and media types."),
    ] = UNSET
    verification: Verification | UnsetType = UNSET
    event: EventOf | UnsetType = UNSET
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


class HookList(msgspec.Struct, frozen=True):
    items: list[ListedHook]
    next: NextCursor


@post(tenant_paths(BASE), summary="Create an endpoint for webhooks", tags=TAGS)
async def create_hook(request: Call, data: JSONBody[NewHook]) -> MadeHook:
    """Active at once. Give its path and its secret to the system that sends."""
    async with request.creation() as creation:
        plan = await _plan(request, creation.session, data)
        safe, actor = request.resources.hooks.safe, request.principal.actor
        made, secret = await service.create(creation.session, request.tenant.tenant_id, plan, safe=safe, actor=actor)
        return creation.answer(_made(request, made, secret))


async def _plan(request: Call, session: AsyncSession, data: NewHook) -> Plan:
    """Raises InvalidHook: neither a trigger nor what one would say, or both; or the connector has no such trigger."""
    connection_id = _connection(data.connection)
    given = {name for name in ("verification", "event", "media_types") if getattr(data, name) is not UNSET}
    if data.trigger is not UNSET and given:
        raise _refused("trigger", f"goes without {', '.join(sorted(given))}")
    if data.trigger is not UNSET:
        found = await connections.find(session, request.tenant.tenant_id, connection_id)
        connector = None if found is None else request.resources.registry.connector(found.connector)
        triggers = () if connector is None else connector.manifest.triggers
        form = next((one.webhook for one in triggers if one.name == data.trigger and one.webhook), None)
        if form is None:
            raise _refused("trigger", "is no webhook of the connection's connector")
    elif data.verification is UNSET or data.event is UNSET:
        raise _refused("verification" if data.verification is UNSET else "event", "is missing; or name a trigger")
    else:
        kinds = _DEFAULT if data.media_types is UNSET else data.media_types
        form = WebhookForm(verification=data.verification, event=data.event, media_types=tuple(kinds))
    return Plan(
        name=data.name,
        connection_id=connection_id,
        verification=form.verification,
        event=form.event,
        media_types=list(form.media_types),
        secret=data.secret,
    )


def _refused(member: str, detail: str) -> InvalidHook:
    return InvalidHook(f"{member} {detail}", errors=[{"pointer": f"/{member}", "detail": detail}])


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
        latest = await service.latest(session, tenant, rows)
    return HookList([listed(row, latest.get(row[0].hook_id), request.principal) for row in rows], request.cursor(last))


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


def _made(request: Call, pair: Pair, secret: str) -> MadeHook:
    request.version(view(pair, request.principal))
    return with_secret(pair, request.principal, secret)


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
