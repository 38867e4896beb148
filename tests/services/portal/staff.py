"""People of the partner's own, and of clients, who let others in."""

from __future__ import annotations

from uuid import UUID

from infra.database import Database, Scope
from tenants.identity import accounts, role_repository
from tenants.identity.accounts import NewAccount
from tenants.identity.passwords import Passwords
from tests.services.portal.visitors import PASSWORD, House, Visitor


async def let_in(
    house: House, database: Database, email: str, role: str, *, tenant: str | None = None, partner: str = "north"
) -> UUID:
    """An account with a role of the product: of `tenant`, or of the partner itself."""
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    passwords.close()
    partner_id, tenant_id = house.ids[partner], None if tenant is None else house.ids[tenant]
    rows = Scope.partner(partner_id) if tenant_id is None else Scope.tenant(tenant_id)
    new = NewAccount(
        partner_id=partner_id,
        tenant_id=tenant_id,
        email=email,
        name=email.partition("@")[0].title(),
        password_hash=stored,
        permissions=frozenset(),
    )
    async with database.session(rows) as session:
        made = await accounts.create(session, new, actor="test")
        await role_repository.give(session, made, [await role_id(session, role, tenant_id)])
        await session.commit()
        return made.account_id


async def role_id(session: object, slug: str, tenant_id: UUID | None) -> UUID:
    level = "partner" if tenant_id is None else "client"
    found = await role_repository.roles(session)  # type: ignore[arg-type]
    return next(one.role_id for one in found if one.slug == slug and one.level == level)


async def staff(house: House, database: Database, email: str, role: str) -> Visitor:
    """Somebody of north's own, signed in."""
    await let_in(house, database, email, role)
    return await house.north.signed_in(email)


async def chief(house: House, database: Database) -> Visitor:
    """The administrator of north's client acme, signed in."""
    await let_in(house, database, "chief@acme.example", "administrator", tenant="acme")
    return await house.north.signed_in("chief@acme.example")
