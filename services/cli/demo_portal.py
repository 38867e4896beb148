"""The portals of the demo: host, brand and account of each partner, left alone once somebody changed them."""

from __future__ import annotations

from uuid import UUID

from infra.database import Database, Scope
from infra.embedded.home import Home
from services.cli.demo_cast import Part
from services.cli.demo_owners import OWNER
from services.cli.running import Portal
from tenants.identity import accounts, role_repository
from tenants.identity.accounts import NewAccount
from tenants.identity.errors import UnknownAccount
from tenants.identity.passwords import Passwords
from tenants.identity.permissions import ACCOUNT, Permission
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.errors import HostTaken

ACTOR = "cli:up"


async def portal(database: Database, home: Home, part: Part, partner_id: UUID, tenant_id: UUID) -> Portal:
    """The way in. The password lies in the home's `secrets/`; one that was lost is replaced by another."""
    await _host(database, part)
    name = f"{part.key}portal-password"
    is_new = not (home.secrets / name).exists()
    password = home.secret(name)
    tenant_id = await _account(database, part, partner_id, tenant_id, password, is_new=is_new)
    return Portal(
        host=part.host,
        partner=part.partner[1],
        partner_slug=part.partner[0],
        client=part.client[1],
        client_slug=part.client[0],
        environment=await _environment(database, part, partner_id, tenant_id),
        email=part.email,
        password=password,
    )


async def _host(database: Database, part: Part) -> None:
    async with database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, part.partner[0])
        if await branding.brand_row(session, partner.partner_id) is None:
            await branding.set_brand(session, partner, part.look, actor=ACTOR)
        try:
            await branding.add_host(session, partner, part.host, actor=ACTOR)
        except HostTaken:
            # Somebody gave it to another partner of this installation; it stays where it was led.
            return
        await session.commit()


async def _account(  # noqa: PLR0913 (what an account is made of)
    database: Database, part: Part, partner_id: UUID, tenant_id: UUID, password: str, *, is_new: bool
) -> UUID:
    """The tenant of the account: one that exists stays in the environment where it is."""
    passwords = Passwords()
    try:
        async with database.session(Scope.partner(partner_id)) as session:
            try:
                found = await accounts.find(session, partner_id, part.email)
            except UnknownAccount:
                found = None
        if found is not None and not is_new:
            return found.tenant_id or tenant_id
        stored = await passwords.hash(password)
    finally:
        passwords.close()
    where = tenant_id if found is None or found.tenant_id is None else found.tenant_id
    async with database.session(Scope.tenant(where) if found is None else accounts.rows_of(found)) as session:
        if found is not None:
            await accounts.set_password(session, found, stored, actor=ACTOR)
        else:
            new = NewAccount(
                partner_id=partner_id,
                tenant_id=where,
                email=part.email,
                name=part.person,
                password_hash=stored,
                permissions=ACCOUNT | {Permission.AUDIT_READ},
            )
            made = await accounts.create(session, new, actor=ACTOR)
            # Who answers at the demo's clients: a role that nobody holds would be nobody (ADR 0051).
            named = [one for one in await role_repository.roles(session) if (one.level, one.slug) == ("client", OWNER)]
            await role_repository.give(session, made, [one.role_id for one in named])
        await session.commit()
    return where


async def _environment(database: Database, part: Part, partner_id: UUID, tenant_id: UUID) -> str:
    async with database.session(Scope.partner(partner_id)) as session:
        client = await organizations.find_client(session, partner_id, part.client[0])
        known = {one.tenant_id: one.environment for one in await organizations.tenants_of(session, client)}
    return known.get(tenant_id, part.environment)
