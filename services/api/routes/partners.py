from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, Name, NextCursor, Slug, Status, StatusFilter
from tenants.organizations import service
from tenants.organizations.models import Partner

TAGS: Final = ["partners"]


class NewPartner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slug: Slug
    name: Name


class PartnerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who serves clients of its own."""

    id: Annotated[str, Meta(examples=["ptr_01h455vb4pex5vsknk084sn02q"])]
    slug: Slug
    name: Name
    status: Status
    created_at: Instant


class PartnerList(msgspec.Struct, frozen=True):
    items: list[PartnerView]
    next: NextCursor


@post("/v1/partners", summary="Create a partner", tags=TAGS)
async def create_partner(request: Call, data: JSONBody[NewPartner]) -> PartnerView:
    async with request.creation() as creation:
        actor = request.principal.actor
        made = await service.create_partner(creation.session, slug=data.slug, name=data.name, actor=actor)
        return creation.answer(view(made))


@get("/v1/partners", summary="List partners", tags=TAGS)
async def list_partners(
    request: Call, limit: Limit = 50, cursor: Cursor = None, status: StatusFilter = None
) -> PartnerList:
    """Newest first."""
    async with request.transaction() as session:
        rows, last = await service.list_partners(session, request.page(limit, cursor), status=status)
    return PartnerList([view(row) for row in rows], request.cursor(last))


@get("/v1/partners/{partner:str}", summary="Read a partner", tags=TAGS)
async def read_partner(request: Call, partner: FromPath[str]) -> PartnerView:
    """By id or slug."""
    async with request.transaction() as session:
        return view(await service.find_partner(session, partner))


@post("/v1/partners/{partner:str}/disable", summary="Disable a partner", tags=TAGS, status_code=200)
async def disable_partner(request: Call, partner: FromPath[str]) -> PartnerView:
    """Its keys and its clients' keys stop within 5 seconds. Safe to repeat."""
    return await _set_status(request, partner, "disabled")


@post("/v1/partners/{partner:str}/enable", summary="Enable a partner", tags=TAGS, status_code=200)
async def enable_partner(request: Call, partner: FromPath[str]) -> PartnerView:
    """Its keys work again. Safe to repeat."""
    return await _set_status(request, partner, "active")


async def _set_status(request: Call, partner: str, status: service.Status) -> PartnerView:
    async with request.transaction() as session:

        async def present() -> PartnerView:
            return view(await service.find_partner(session, partner, lock=True))

        await request.match(present)
        return view(await service.set_partner_status(session, partner, status, actor=request.principal.actor))


def view(row: Partner) -> PartnerView:
    return PartnerView(
        id=ids.show("ptr", row.partner_id),
        slug=row.slug,
        name=row.name,
        status=row.status,  # type: ignore[arg-type]  # the table's check constraint holds it to these
        created_at=row.created_at,
    )


HANDLERS: Final = (create_partner, list_partners, read_partner, disable_partner, enable_partner)
