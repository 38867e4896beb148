"""Sites: a client's places inside an environment. All SQL about them, in the tenant's session; the caller commits."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.organizations.errors import InvalidField, SlugTaken, UnknownSite
from tenants.organizations.models import Site
from tenants.organizations.names import check_name, check_slug, is_slug

Status = Literal["active", "disabled"]
MOST: Final = 1_000
"""Sites of one environment."""


async def create(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, *, slug: str, name: str, time_zone: str, actor: str
) -> Site:
    """A new site.

    Raises:
        InvalidField: slug, name or time zone is no good.
        SlugTaken: the environment has a site of that slug.
    """
    await take_turn(session, "sites", tenant_id)
    if (await session.execute(select(func.count()).where(Site.tenant_id == tenant_id))).scalar_one() >= MOST:
        raise InvalidField("/slug", f"An environment has at most {MOST} sites")
    row = {"slug": check_slug(slug, "/slug"), "name": check_name(name, "/name"), "time_zone": check_zone(time_zone)}
    made = insert(Site).values(tenant_id=tenant_id, site_id=ids.new(), **row)
    site = (await session.scalars(made.on_conflict_do_nothing().returning(Site))).one_or_none()
    if site is None:
        raise SlugTaken(f"A site has the slug '{slug}'")
    await audit.record(session, actor=actor, action="site.created", target=ids.show("sit", site.site_id), after=row)
    return site


async def find(session: AsyncSession, tenant_id: UUID, reference: str, *, lock: bool = False) -> Site:
    """The site of this id (`sit_…`) or slug.

    Raises:
        UnknownSite: the environment has none.
    """
    query = select(Site).where(Site.tenant_id == tenant_id)
    if reference.startswith("sit_"):
        try:
            query = query.where(Site.site_id == ids.read("sit", reference))
        except ids.MalformedId:
            raise UnknownSite from None
    elif is_slug(reference):
        query = query.where(Site.slug == reference)
    else:
        raise UnknownSite
    found: Site | None = (await session.scalars(query.with_for_update() if lock else query)).one_or_none()
    if found is None:
        raise UnknownSite
    return found


async def slugs(session: AsyncSession, tenant_id: UUID) -> set[str]:
    """Of all sites of the environment."""
    return set((await session.scalars(select(Site.slug).where(Site.tenant_id == tenant_id))).all())


async def list_sites(
    session: AsyncSession, tenant_id: UUID, page: Page, *, status: Status | None = None
) -> tuple[list[Site], str | None]:
    """Newest first, and the position of the next page."""
    query = select(Site).where(Site.tenant_id == tenant_id)
    if status is not None:
        query = query.where(Site.status == status)
    if page.after is not None:
        query = query.where(Site.site_id < UUID(page.after))
    rows = list((await session.scalars(query.order_by(Site.site_id.desc()).limit(page.limit + 1))).all())
    return cut(rows, page, lambda row: str(row.site_id))


async def change(session: AsyncSession, found: Site, changes: dict[str, Any], *, actor: str) -> Site:
    """Another name, time zone or status. Safe to repeat.

    Raises:
        InvalidField: a value is no good.
    """
    if "name" in changes:
        check_name(changes["name"], "/name")
    if "time_zone" in changes:
        check_zone(changes["time_zone"])
    differing = {name: value for name, value in changes.items() if getattr(found, name) != value}
    if differing:
        where = (Site.tenant_id == found.tenant_id, Site.site_id == found.site_id)
        await session.execute(update(Site).where(*where).values(**differing))
        target = ids.show("sit", found.site_id)
        await audit.record(session, actor=actor, action="site.changed", target=target, after=differing)
        await session.refresh(found)
    return found


def check_zone(text: str) -> str:
    """`text`, when it names a time zone.

    Raises:
        InvalidField: it names none.
    """
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidField("/time_zone", "Name a time zone as the IANA does, such as Europe/Madrid") from None
