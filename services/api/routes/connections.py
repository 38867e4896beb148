from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, Slug, StatusFilter
from services.api.policy import tenant_paths
from services.connectors.levels import Level
from tenants.connections import service
from tenants.connections.errors import InvalidConnection
from tenants.connections.limits import Limits
from tenants.connections.playbook import Playbook
from tenants.connections.service import Changes, Pair, Plan
from tenants.identity.permissions import Permission

TAGS: Final = ["connections"]
_ONE: Final = "/connections/{connection:str}"
_WRITERS: Final = "Absent without the permission `connections:write`."
SlugName = Annotated[str, Meta(pattern="^[a-z0-9](-?[a-z0-9]){0,62}$", examples=["erp"])]
Connector = Annotated[str, Meta(min_length=1, max_length=64, examples=["erp-simulator"])]
Owner = Annotated[
    str,
    Meta(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["maria@acme.example", "warehouse-it"]),
]
Fallback = Annotated[str, Meta(description="Id of another connection with the same connector.")]
Declared = Annotated[
    Playbook, Meta(description="What becomes of its operations while its continuity playbook is entered; given whole.")
]
Settings = Annotated[dict[str, Any], Meta(description="As the connector's schema asks; never a secret.")]


class NewConnection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: SlugName
    connector: Connector
    settings: Settings = {}
    secrets: Annotated[dict[str, str], Meta(description="By field. Sealed at once and never shown again.")] = {}
    limits: Annotated[Limits | UnsetType, Meta(description="Absent: as the connector says.")] = UNSET
    owner: Owner | None = None
    fallback: Fallback | None = None
    playbook: Declared | UnsetType = UNSET


class ConnectionChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays. Settings and limits are given whole. Leading it elsewhere needs its secrets again."""

    connector: Connector | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    secrets: Annotated[dict[str, str | None], Meta(description="By field; null drops one.")] = {}
    limits: Limits | UnsetType = UNSET
    owner: Owner | UnsetType | None = UNSET
    fallback: Fallback | UnsetType | None = UNSET
    playbook: Declared | UnsetType = UNSET


class SecretView(msgspec.Struct, frozen=True, kw_only=True):
    """That a secret is set, and its last four characters when it has at least sixteen."""

    set: Literal[True] = True
    last4: str
    updated_at: Instant


class ConnectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A configured connector of the client's. Without `connections:write` neither settings nor secrets are shown."""

    id: Annotated[str, Meta(examples=["con_01h455vb4pex5vsknk084sn02q"])]
    name: Slug
    connector: str
    certification: Annotated[
        Level | None, Meta(description="How far its connector is proven; null: the installation has it no more.")
    ]
    settings: Annotated[dict[str, Any] | UnsetType, Meta(description=_WRITERS)] = UNSET
    secrets: Annotated[dict[str, SecretView] | UnsetType, Meta(description=_WRITERS)] = UNSET
    limits: Annotated[Limits, Meta(description="Of its calls; over them a run waits its turn.")]
    owner: Annotated[str | None, Meta(description="Who is told when it is away and when it is back.")]
    fallback: Annotated[str | None, Meta(description="The connection that is read instead while this one is away.")]
    playbook: Declared
    status: Annotated[Literal["active", "disabled"], Meta(description="No call uses a disabled one.")]
    revision: Annotated[int, Meta(description="Rises with every change.")]
    created_at: Instant
    updated_at: Instant


class ConnectionList(msgspec.Struct, frozen=True):
    items: list[ConnectionView]
    next: NextCursor


@post(tenant_paths("/connections"), summary="Create a connection", tags=TAGS)
async def create_connection(request: Call, data: JSONBody[NewConnection]) -> ConnectionView:
    """Active at once. Nothing is sent to the other system."""
    plan = Plan(
        connector=data.connector,
        settings=data.settings,
        secrets=data.secrets,
        limits=None if data.limits is UNSET else data.limits,
        owner=data.owner,
        fallback=_fallback(data.fallback),
        playbook=Playbook() if data.playbook is UNSET else data.playbook,
    )
    await _prepare(request, data.secrets)
    async with request.creation() as creation:
        made = await service.create(
            creation.session,
            request.tenant.tenant_id,
            data.name,
            plan,
            desk=request.resources.desk,
            actor=request.principal.actor,
        )
        return creation.answer(view(request, made))


@get(tenant_paths("/connections"), summary="List connections", tags=TAGS)
async def list_connections(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: StatusFilter = None,
    connector: Annotated[str | None, QueryParameter(description="Only of this connector.", required=False)] = None,
    name: Annotated[str | None, QueryParameter(description="Only the one of this name.", required=False)] = None,
) -> ConnectionList:
    """Newest first."""
    given = {"status": status, "connector": connector, "name": name}
    filters = {column: value for column, value in given.items() if value is not None}
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await service.list_connections(session, request.tenant.tenant_id, page, filters)
        return ConnectionList([view(request, row) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a connection", tags=TAGS)
async def read_connection(request: Call) -> ConnectionView:
    """Secrets are never shown."""
    connection_id = request.path_id("con", "connection")
    async with request.transaction() as session:
        return view(request, await service.find(session, request.tenant.tenant_id, connection_id))


@patch(tenant_paths(_ONE), summary="Change a connection", tags=TAGS)
async def change_connection(request: Call, data: JSONBody[ConnectionChanges]) -> ConnectionView:
    """Runs use the change within two seconds; deployments need none. Another connector swaps the system behind it."""
    connection_id = request.path_id("con", "connection")
    changes = Changes(
        connector=data.connector,
        settings=data.settings,
        secrets=data.secrets,
        limits=data.limits,
        owner=data.owner,
        fallback=UNSET if isinstance(data.fallback, UnsetType) else _fallback(data.fallback),
        playbook=data.playbook,
    )
    await _prepare(request, data.secrets)
    async with request.transaction() as session:
        await request.match(partial(_present, request, session))
        changed = await service.update(
            session,
            request.tenant.tenant_id,
            connection_id,
            changes,
            desk=request.resources.desk,
            actor=request.principal.actor,
        )
        return view(request, changed)


@post(tenant_paths(f"{_ONE}/disable"), summary="Disable a connection", tags=TAGS, status_code=200)
async def disable_connection(request: Call) -> ConnectionView:
    """No call uses it from two seconds on. Safe to repeat."""
    return await _set_status(request, "disabled")


@post(tenant_paths(f"{_ONE}/enable"), summary="Enable a connection", tags=TAGS, status_code=200)
async def enable_connection(request: Call) -> ConnectionView:
    """Safe to repeat."""
    return await _set_status(request, "active")


async def _prepare(request: Call, secrets: Mapping[str, str | None]) -> None:
    """See that there is a key to seal to before the transaction begins: a key service is asked over the network."""
    if any(value is not None for value in secrets.values()):
        resources = request.resources
        await resources.desk.sealer.prepare(resources.database, request.tenant.tenant_id)


async def _present(request: Call, session: AsyncSession) -> ConnectionView:
    connection_id = request.path_id("con", "connection")
    return view(request, await service.find(session, request.tenant.tenant_id, connection_id, lock=True))


def _fallback(text: str | None) -> UUID | None:
    try:
        return None if text is None else ids.read("con", text)
    except ids.MalformedId:
        raise InvalidConnection("/fallback: it is no id of a connection") from None


async def _set_status(request: Call, status: service.Status) -> ConnectionView:
    connection_id = request.path_id("con", "connection")
    async with request.transaction() as session:
        await request.match(partial(_present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        return view(request, await service.set_status(session, tenant_id, connection_id, status, actor=actor))


def view(request: Call, pair: Pair) -> ConnectionView:
    """Where it leads and how its secrets end is for whoever may change that."""
    row, secrets = pair
    is_whole = Permission.CONNECTIONS_WRITE in request.principal.permissions
    tails = {one.field: SecretView(last4=one.last4, updated_at=one.updated_at) for one in secrets}
    return ConnectionView(
        id=ids.show("con", row.connection_id),
        name=row.name,
        connector=row.connector,
        certification=request.resources.levels.get(row.connector),
        settings=row.settings if is_whole else UNSET,
        secrets=tails if is_whole else UNSET,
        limits=msgspec.convert(row.limits, Limits),
        owner=row.owner,
        fallback=None if row.fallback_id is None else ids.show("con", row.fallback_id),
        playbook=msgspec.convert(row.playbook, Playbook),
        status="active" if row.status == "active" else "disabled",
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


HANDLERS: Final = (
    create_connection,
    list_connections,
    read_connection,
    change_connection,
    disable_connection,
    enable_connection,
)
