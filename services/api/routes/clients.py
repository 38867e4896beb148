from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from services.api.call import Call
from services.api.fields import (
    ClientStatus,
    ClientStatusFilter,
    Cursor,
    Environment,
    Instant,
    Limit,
    Name,
    NextCursor,
    Slug,
)
from tenants.organizations import service
from tenants.organizations.errors import InvalidField
from tenants.organizations.models import Client, Tenant

TAGS: Final = ["clients"]
PartnerOfClient = Annotated[
    str | None, Meta(description="Id or slug of the partner. The operator names it; a partner's key leaves it out.")
]


class NewClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    slug: Slug
    name: Name
    partner: PartnerOfClient = None


OwnersRequired = Annotated[
    bool, Meta(description="Whether nothing is deployed there while an owner of it is missing; always so in `live`.")
]


class TenantView(msgspec.Struct, frozen=True):
    """The client in one environment."""

    id: Annotated[str, Meta(examples=["ten_01h455vb4pex5vsknk084sn02q"])]
    environment: Environment
    owners_required: OwnersRequired


class ClientView(msgspec.Struct, frozen=True, kw_only=True):
    """A distributor that a partner serves."""

    id: Annotated[str, Meta(examples=["cli_01h455vb4pex5vsknk084sn02q"])]
    partner: Annotated[str, Meta(description="Id of its partner.")]
    slug: Slug
    name: Name
    status: ClientStatus
    status_reason: Annotated[str | None, Meta(description="Why it is suspended.")]
    created_at: Instant


class ClientDetail(ClientView, frozen=True, kw_only=True):
    """With its tenants: dev, test, live, then those that were added."""

    tenants: list[TenantView]


class ClientList(msgspec.Struct, frozen=True):
    items: list[ClientView]
    next: NextCursor


@post("/v1/clients", summary="Create a client", tags=TAGS)
async def create_client(request: Call, data: JSONBody[NewClient]) -> ClientDetail:
    """With its three environments: dev, test and live."""
    async with request.creation() as creation:
        partner_id = await partner_of(request, creation.session, data.partner)
        if partner_id is None:
            raise InvalidField("/partner", "Name the partner that the client belongs to")
        made, tenants = await service.create_client(
            creation.session, partner_id, slug=data.slug, name=data.name, actor=request.principal.actor
        )
        return creation.answer(detail(made, tenants))


@get("/v1/clients", summary="List clients", tags=TAGS)
async def list_clients(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: ClientStatusFilter = None,
    slug: Annotated[str | None, QueryParameter(description="Only the client of this slug.", required=False)] = None,
    partner: Annotated[str | None, QueryParameter(description="Only clients of this partner.", required=False)] = None,
) -> ClientList:
    """Newest first."""
    async with request.transaction() as session:
        partner_id = await partner_of(request, session, partner)
        page = request.page(limit, cursor)
        rows, last = await service.list_clients(session, partner_id, page, slug=slug, status=status)
    return ClientList([view(row) for row in rows], request.cursor(last))


@get("/v1/clients/{client:str}", summary="Read a client", tags=TAGS)
async def read_client(request: Call, client: FromPath[str]) -> ClientDetail:
    """By id; a partner's key may use the slug too."""
    async with request.transaction() as session:
        found = await service.find_client(session, request.principal.partner_id, client)
        return detail(found, await service.tenants_of(session, found))


@post("/v1/clients/{client:str}/disable", summary="Disable a client", tags=TAGS, status_code=200)
async def disable_client(request: Call, client: FromPath[str]) -> ClientView:
    """Its keys stop within 5 seconds. Safe to repeat."""
    return await _set_status(request, client, "disabled")


@post("/v1/clients/{client:str}/enable", summary="Enable a client", tags=TAGS, status_code=200)
async def enable_client(request: Call, client: FromPath[str]) -> ClientView:
    """Its keys work again. Safe to repeat."""
    return await _set_status(request, client, "active")


async def _set_status(request: Call, client: str, status: Literal["active", "disabled"]) -> ClientView:
    async with request.transaction() as session:
        found = await service.find_client(session, request.principal.partner_id, client, lock=True)

        async def present() -> ClientDetail:
            return detail(found, await service.tenants_of(session, found))

        await request.match(present)
        return view(await service.set_client_status(session, found, status, actor=request.principal.actor))


async def partner_of(request: Call, session: AsyncSession, named: str | None) -> UUID | None:
    """The partner that the call is about: the caller's own, else the one that the operator names.

    Raises:
        UnknownPartner: no such partner, or not the caller's own.
    """
    if named is None:
        return request.principal.partner_id
    return (await service.find_partner(session, named)).partner_id


def view(row: Client) -> ClientView:
    return ClientView(**_members(row))


def detail(row: Client, tenants: Sequence[Tenant]) -> ClientDetail:
    return ClientDetail(**_members(row), tenants=[tenant_view(one) for one in tenants])


def tenant_view(row: Tenant) -> TenantView:
    return TenantView(ids.show("ten", row.tenant_id), row.environment, service.owners_required(row))


def _members(row: Client) -> dict[str, Any]:
    return {
        "id": ids.show("cli", row.client_id),
        "partner": ids.show("ptr", row.partner_id),
        "slug": row.slug,
        "name": row.name,
        "status": row.status,
        "status_reason": row.status_reason,
        "created_at": row.created_at,
    }


HANDLERS: Final = (create_client, list_clients, read_client, disable_client, enable_client)
