"""Who asks for all that a document offers: keys of each kind that hold all they may, and a partner's person."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import ClientSession

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from services.portal.cookies import NAME
from tenants.identity import accounts, role_repository
from tenants.identity import service as identity
from tenants.identity.accounts import NewAccount
from tenants.identity.keyring import Keyring
from tenants.identity.passwords import Passwords
from tenants.identity.permissions import ALLOWED, Permission
from tenants.identity.permissions import Scope as Level
from tenants.identity.principal import Principal
from tenants.identity.service import Holder, NewKey
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import Look

HOST, EMAIL, PASSWORD = "contract.localhost", "hana@contract.example", "correct horse battery staple"


class Asker(msgspec.Struct, frozen=True):
    """What each request carries. `portal`: it asks for what the portal's document offers, not the API's."""

    headers: dict[str, str]
    portal: bool = False


class Askers(msgspec.Struct, frozen=True):
    """Of one client, its partner and the operator: with all that a key of theirs may hold.

    Who is refused for want of a permission is asked nothing else.
    """

    client: Asker
    partner: Asker
    operator: Asker


async def make_askers(database: Database, holder: Holder) -> Askers:
    """For the client and environment of `holder`."""
    async with database.session(Scope.operator()) as session:
        _, operator = await identity.create_operator(session, "contract", actor="test")
        await session.commit()
    maker = await Keyring(database).authenticate(operator)
    assert maker is not None
    above = Holder(partner_id=holder.partner_id)
    async with database.session(identity.scope_for(above, maker)) as session:
        _, partner = await identity.create(session, _all_of(above, Level.PARTNER), maker)
        await session.commit()
    # Nobody above a client could make one that holds as much (S-05).
    async with database.session(identity.scope_for(holder)) as session:
        _, client = await identity.create_first(session, _all_of(holder, Level.CLIENT), actor="test")
        await session.commit()
    return Askers(*(Asker({"Authorization": f"Bearer {key}"}) for key in (client, partner, operator)))


def _all_of(holder: Holder, level: Level) -> NewKey:
    permissions: frozenset[Permission] = ALLOWED[level]
    return NewKey(name="contract", holder=holder, permissions=permissions)


async def holder_of(database: Database, key: str) -> Holder:
    """Of whose the key is."""
    principal: Principal | None = await Keyring(database).authenticate(key)
    assert principal is not None
    assert principal.tenant_id is not None
    return Holder(partner_id=principal.partner_id, tenant_id=TenantId(principal.tenant_id))


async def signed_in(database: Database, holder: Holder, url: str) -> Asker:
    """An administrator of the partner's own, signed in on a host of its portal, at which the API at `url` answers."""
    partner_id = holder.partner_id
    assert partner_id is not None
    async with database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, ids.show("ptr", partner_id))
        await branding.set_brand(session, partner, Look(name="Contract Portal"), actor="test")
        await branding.add_host(session, partner, HOST, actor="test")
        await session.commit()
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    passwords.close()
    new = NewAccount(
        partner_id=partner_id, tenant_id=None, email=EMAIL, name="Hana", password_hash=stored, permissions=frozenset()
    )
    async with database.session(Scope.partner(partner_id)) as session:
        made = await accounts.create(session, new, actor="test")
        roles = await role_repository.roles(session)
        mine = next(one for one in roles if (one.slug, one.level) == ("administrator", "partner"))
        await role_repository.give(session, made, [mine.role_id])
        await session.commit()
    host = f"{HOST}:{url.rpartition(':')[2]}"
    carried = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    async with ClientSession(url, headers=carried) as browser:
        answer = await browser.post("/portal/session", json={"email": EMAIL, "password": PASSWORD})
        assert answer.status == HTTPStatus.CREATED, await answer.text()
        cookie = next(one for one in answer.headers.getall("Set-Cookie") if one.startswith(f"{NAME}="))
    return Asker({**carried, "Cookie": cookie.partition(";")[0]}, portal=True)
