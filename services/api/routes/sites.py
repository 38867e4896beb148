from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, Name, NextCursor, Slug, StatusFilter
from services.api.policy import tenant_paths
from tenants.organizations import sites
from tenants.organizations.models import Site

TAGS: Final = ["sites"]
_ONE: Final = "/sites/{site:str}"
Zone = Annotated[
    str, Meta(min_length=1, max_length=64, examples=["Europe/Madrid"], description="As the IANA names it.")
]


class NewSite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    slug: Slug
    name: Name
    time_zone: Zone = "UTC"


class SiteChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays."""

    name: Name | UnsetType = UNSET
    time_zone: Zone | UnsetType = UNSET
    status: sites.Status | UnsetType = UNSET


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """A place of the client's, such as a warehouse or a branch."""

    id: Annotated[str, Meta(examples=["sit_01h455vb4pex5vsknk084sn02q"])]
    slug: Slug
    name: Name
    time_zone: Zone
    status: Annotated[sites.Status, Meta(description="Nothing new is deployed for a disabled one.")]
    created_at: Instant


class SiteList(msgspec.Struct, frozen=True):
    items: list[SiteView]
    next: NextCursor


@post(tenant_paths("/sites"), summary="Create a site", tags=TAGS)
async def create_site(request: Call, data: JSONBody[NewSite]) -> SiteView:
    """Inside this environment."""
    async with request.creation() as creation:
        made = await sites.create(
            creation.session,
            request.tenant.tenant_id,
            slug=data.slug,
            name=data.name,
            time_zone=data.time_zone,
            actor=request.principal.actor,
        )
        return creation.answer(view(made))


@get(tenant_paths("/sites"), summary="List sites", tags=TAGS)
async def list_sites(request: Call, limit: Limit = 50, cursor: Cursor = None, status: StatusFilter = None) -> SiteList:
    """Newest first."""
    async with request.transaction() as session:
        page = request.page(limit, cursor)
        rows, last = await sites.list_sites(session, request.tenant.tenant_id, page, status=status)
    return SiteList([view(row) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a site", tags=TAGS)
async def read_site(request: Call, site: FromPath[str]) -> SiteView:
    """By id or slug."""
    async with request.transaction() as session:
        return view(await sites.find(session, request.tenant.tenant_id, site))


@patch(tenant_paths(_ONE), summary="Change a site", tags=TAGS)
async def change_site(request: Call, site: FromPath[str], data: JSONBody[SiteChanges]) -> SiteView:
    """What is absent stays. Safe to repeat."""
    given = {"name": data.name, "time_zone": data.time_zone, "status": data.status}
    changes = {name: value for name, value in given.items() if value is not UNSET}
    async with request.transaction() as session:
        found = await sites.find(session, request.tenant.tenant_id, site, lock=True)

        async def present() -> SiteView:
            return view(found)

        await request.match(present)
        return view(await sites.change(session, found, changes, actor=request.principal.actor))


def view(row: Site) -> SiteView:
    return SiteView(
        id=ids.show("sit", row.site_id),
        slug=row.slug,
        name=row.name,
        time_zone=row.time_zone,
        status="active" if row.status == "active" else "disabled",
        created_at=row.created_at,
    )


HANDLERS: Final = (create_site, list_sites, read_site, change_site)
