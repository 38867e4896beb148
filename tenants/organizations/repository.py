"""All SQL about partners, clients and tenants. Row-level security limits each query to the session's scope as well."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database
from infra.pagination import Page
from tenants.organizations.models import ENVIRONMENTS, Brand, Client, Partner, PortalHost, Tenant

HELD: Final = 1
"""Of a tenant: its runs stand aside of the line."""
RELEASED: Final = 2
"""Its runs are being put back in line; the worker takes the mark away with the last one."""


async def add_partner(session: AsyncSession, *, slug: str, name: str) -> Partner | None:
    """The new partner, None when the slug is taken."""
    made = insert(Partner).values(partner_id=ids.new(), slug=slug, name=name).on_conflict_do_nothing()
    return (await session.scalars(made.returning(Partner))).one_or_none()


async def partner(
    session: AsyncSession, *, partner_id: UUID | None = None, slug: str | None = None, lock: bool = False
) -> Partner | None:
    query = select(Partner).with_for_update() if lock else select(Partner)
    query = query.where(Partner.partner_id == partner_id) if partner_id else query.where(Partner.slug == slug)
    return (await session.scalars(query)).one_or_none()


async def partners(session: AsyncSession, page: Page, *, status: str | None) -> list[Partner]:
    query = select(Partner)
    if status is not None:
        query = query.where(Partner.status == status)
    if page.after is not None:
        query = query.where(Partner.partner_id < UUID(page.after))
    return list((await session.scalars(query.order_by(Partner.partner_id.desc()).limit(page.limit + 1))).all())


async def set_partner(session: AsyncSession, partner_id: UUID, changes: dict[str, Any]) -> None:
    await session.execute(update(Partner).where(Partner.partner_id == partner_id).values(**changes))


async def add_client(session: AsyncSession, partner_id: UUID, *, slug: str, name: str) -> Client | None:
    """The new client with its tenants, one for each environment; None when the partner has one of that slug."""
    made = insert(Client).values(partner_id=partner_id, client_id=ids.new(), slug=slug, name=name)
    client = (await session.scalars(made.on_conflict_do_nothing().returning(Client))).one_or_none()
    if client is None:
        return None
    rows = [
        {"tenant_id": ids.new(), "partner_id": partner_id, "client_id": client.client_id, "environment": environment}
        for environment in ENVIRONMENTS
    ]
    await session.execute(insert(Tenant).values(rows))
    return client


async def client(
    session: AsyncSession,
    partner_id: UUID | None,
    *,
    client_id: UUID | None = None,
    slug: str | None = None,
    lock: bool = False,
) -> Client | None:
    """By id, or by slug within a partner. `partner_id` None: whatever partner the scope lets through."""
    query = select(Client).with_for_update() if lock else select(Client)
    query = query.where(Client.client_id == client_id if client_id is not None else Client.slug == slug)
    if partner_id is not None:
        query = query.where(Client.partner_id == partner_id)
    found: Client | None = (await session.scalars(query)).one_or_none()
    return found


async def clients(
    session: AsyncSession, partner_id: UUID | None, page: Page, *, slug: str | None, status: str | None
) -> list[Client]:
    query = select(Client)
    if partner_id is not None:
        query = query.where(Client.partner_id == partner_id)
    if slug is not None:
        query = query.where(Client.slug == slug)
    if status is not None:
        query = query.where(Client.status == status)
    if page.after is not None:
        query = query.where(Client.client_id < UUID(page.after))
    return list((await session.scalars(query.order_by(Client.client_id.desc()).limit(page.limit + 1))).all())


async def add_tenant(session: AsyncSession, found: Client, environment: str, *, needs_owners: bool) -> Tenant | None:
    """The client's new environment; None when it has one of that name. What is held stays held."""
    made = insert(Tenant).values(
        tenant_id=ids.new(),
        partner_id=found.partner_id,
        client_id=found.client_id,
        environment=environment,
        needs_owners=needs_owners,
        hold=HELD if found.status == "suspended" else None,
    )
    return (await session.scalars(made.on_conflict_do_nothing().returning(Tenant))).one_or_none()


async def hold_tenants(session: AsyncSession, found: Client, hold: int) -> None:
    """Of all environments of the client."""
    await session.execute(
        update(Tenant)
        .where(Tenant.partner_id == found.partner_id, Tenant.client_id == found.client_id)
        .values(hold=hold)
    )


async def set_client(session: AsyncSession, found: Client, changes: dict[str, Any]) -> None:
    await session.execute(
        update(Client)
        .where(Client.partner_id == found.partner_id, Client.client_id == found.client_id)
        .values(**changes)
    )


async def tenants(session: AsyncSession, partner_id: UUID, client_id: UUID) -> list[Tenant]:
    query = select(Tenant).where(Tenant.partner_id == partner_id, Tenant.client_id == client_id)
    return list((await session.scalars(query)).all())


async def tenant(session: AsyncSession, partner_id: UUID, client_id: UUID, environment: str) -> Tenant | None:
    query = select(Tenant).where(
        Tenant.partner_id == partner_id, Tenant.client_id == client_id, Tenant.environment == environment
    )
    return (await session.scalars(query)).one_or_none()


async def takes_people(session: AsyncSession, partner_id: UUID, tenant_id: UUID | None) -> bool:
    """Through the door that holds the client's row, which a tenant's scope does not see."""
    return bool(await session.scalar(select(func.app.takes_people(partner_id, tenant_id))))


async def has_taken_in(session: AsyncSession, tenant_id: UUID) -> bool:
    """Usage outlasts the runs that it is of."""
    query = text(
        "SELECT EXISTS (SELECT FROM app.event WHERE tenant_id = :tenant) "
        "OR EXISTS (SELECT FROM app.usage WHERE tenant_id = :tenant) "
        "OR EXISTS (SELECT FROM app.inbound_request WHERE tenant_id = :tenant)"
    )
    return bool(await session.scalar(query, {"tenant": tenant_id}))


async def names(session: AsyncSession, partners: Collection[UUID], tenants: Collection[UUID]) -> dict[UUID, str]:
    """Slugs of those of `partners`, and `client/environment` of those of `tenants`, that the session sees."""
    found: dict[UUID, str] = {}
    if partners:
        rows = await session.execute(select(Partner.partner_id, Partner.slug).where(Partner.partner_id.in_(partners)))
        found = {row[0]: row[1] for row in rows}
    if tenants:
        client = (Client.partner_id == Tenant.partner_id) & (Client.client_id == Tenant.client_id)
        query = select(Tenant.tenant_id, Client.slug, Tenant.environment).join(Client, client)
        rows_of_tenants = await session.execute(query.where(Tenant.tenant_id.in_(tenants)))
        found |= {tenant: f"{slug}/{environment}" for tenant, slug, environment in rows_of_tenants}
    return found


async def client_name(session: AsyncSession, tenant_id: UUID) -> str | None:
    """What the tenant's client is called; None for one that the session does not see."""
    client = (Client.partner_id == Tenant.partner_id) & (Client.client_id == Tenant.client_id)
    return await session.scalar(select(Client.name).join(Tenant, client).where(Tenant.tenant_id == tenant_id))


async def look_up_host(database: Database, host: str) -> Any | None:
    """Through the door `find_portal_host`, which finds one host by its whole name and lists none."""
    async with database.doors() as connection:
        return await connection.fetchrow("SELECT * FROM app.find_portal_host($1)", host)


async def brand(session: AsyncSession, partner_id: UUID) -> Brand | None:
    query = select(Brand).where(Brand.partner_id == partner_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def put_brand(session: AsyncSession, partner_id: UUID, begin: dict[str, Any], changes: dict[str, Any]) -> None:
    """Change the partner's brand, or make it of `begin` and the changes."""
    made = insert(Brand).values({**begin, **changes, "partner_id": partner_id})
    changed = {**changes, "updated_at": func.clock_timestamp()}
    await session.execute(made.on_conflict_do_update(index_elements=["partner_id"], set_=changed))


async def add_host(session: AsyncSession, host: str, partner_id: UUID, use: str) -> UUID | None:
    """Whose the host is already; None when it is the partner's as of now, who may have claimed it before."""
    kept = update(PortalHost).where(
        PortalHost.host == host, PortalHost.partner_id == partner_id, PortalHost.is_claimed.is_(True)
    )
    if (await session.execute(kept.values(is_claimed=False).returning(PortalHost.host))).one_or_none() is not None:
        return None
    made = insert(PortalHost).values(host=host, partner_id=partner_id, use=use).on_conflict_do_nothing()
    if (await session.execute(made.returning(PortalHost.host))).one_or_none() is not None:
        return None
    query = select(PortalHost.partner_id).where(PortalHost.host == host)
    return (await session.execute(query)).scalar_one()


async def remove_host(session: AsyncSession, host: str) -> UUID | None:
    """Whose it was; None when it was nobody's."""
    gone = delete(PortalHost).where(PortalHost.host == host).returning(PortalHost.partner_id)
    return (await session.execute(gone)).scalar_one_or_none()


async def end_claims(session: AsyncSession, partner_id: UUID, domain: str, actor: str) -> None:
    """Release the partner's claim of a name that it holds, if it has one."""
    ended = text(
        "SELECT app.release_domain(c.partner_id, c.claim_id, :actor) FROM app.domain_claim c "
        "WHERE c.partner_id = :partner AND c.domain = :domain AND c.state IN ('quarantined', 'active', 'failing')"
    )
    await session.execute(ended, {"actor": actor, "partner": partner_id, "domain": domain})


async def hosts(session: AsyncSession, partner_id: UUID) -> list[str]:
    """Those that show a portal: links for people lead there, and to no host of the API."""
    query = select(PortalHost.host).where(PortalHost.partner_id == partner_id, PortalHost.use == "portal")
    query = query.order_by(PortalHost.host)
    return list((await session.scalars(query)).all())
