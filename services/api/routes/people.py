from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.problems import NotFound
from services.api.call import Call, scope_of
from services.api.errors import BadParameter
from services.api.fields import Cursor, Environment, Instant, Limit, Name, NextCursor, Status
from services.api.routes import roles as role_routes
from services.api.routes.roles import RoleView
from tenants.identity import accounts, people
from tenants.identity.errors import UnknownRole
from tenants.identity.models import Account
from tenants.identity.people import Person
from tenants.identity.permissions import Scope
from tenants.organizations import service as organizations
from tenants.organizations.errors import InvalidField, UnknownClient

TAGS: Final = ["people"]
RoleIds = Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=16, description="Ids of roles.")]


class GivenRoles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    roles: RoleIds


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs in."""

    id: Annotated[str, Meta(examples=["acc_01h455vb4pex5vsknk084sn02q"])]
    email: Annotated[str, Meta(description="Where to write to. Two people may have one; it is no name of an account.")]
    name: Name
    tenant: Annotated[str | None, Meta(description="What the person sees; null: a person of the partner's own.")]
    roles: list[RoleView]
    permissions: Annotated[list[str], Meta(description="Given beside the roles.")]
    has_password: bool
    status: Status
    created_at: Instant


class PersonList(msgspec.Struct, frozen=True):
    items: list[PersonView]
    next: NextCursor


@get("/v1/people", summary="List people", tags=TAGS)
async def list_people(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    client: Annotated[str | None, QueryParameter(description="Only of this client.", required=False)] = None,
    environment: Annotated[
        Environment | None, QueryParameter(description="With `client`: its environment.", required=False)
    ] = None,
) -> PersonList:
    """Those that you may see, by address."""
    if (client is None) != (environment is None):
        # Of a query; what a body names is said of its member below.
        raise BadParameter("Give client and environment together", parameter="environment" if client else "client")
    partner_id, tenant_id = partner_of(request), await tenant_named(request, client, environment)
    async with request.transaction() as session:
        rows, last = await people.list_people(session, partner_id, tenant_id, request.page(limit, cursor))
    return PersonList([view(one) for one in rows], request.cursor(last))


@get("/v1/people/{person:str}", summary="Read a person", tags=TAGS)
async def read_person(request: Call) -> PersonView:
    async with request.transaction() as session:
        return view(await people.find(session, partner_of(request), request.path_id("acc", "person")))


@put("/v1/people/{person:str}/roles", summary="Give a person their roles", tags=TAGS)
async def set_roles(request: Call, data: JSONBody[GivenRoles]) -> PersonView:
    """Exactly these from now on; the person's sessions end within 5 seconds. Safe to repeat."""
    wanted = role_ids(data.roles)
    found = await _found(request)
    async with request.transaction(accounts.rows_of(found)) as session:
        # Before the person, as a change of a role locks it before the people who have it.
        await people.lock_roles(session, wanted)
        account = await _matched(request, session, found)
        return view(await people.set_roles(session, account, wanted, request.principal))


@post("/v1/people/{person:str}/disable", summary="Disable a person's account", tags=TAGS, status_code=200)
async def disable_person(request: Call) -> PersonView:
    """It signs in no more and its sessions end within 5 seconds. Safe to repeat."""
    return await _set_status(request, "disabled")


@post("/v1/people/{person:str}/enable", summary="Enable a person's account", tags=TAGS, status_code=200)
async def enable_person(request: Call) -> PersonView:
    """Safe to repeat."""
    return await _set_status(request, "active")


async def _set_status(request: Call, status: Literal["active", "disabled"]) -> PersonView:
    found = await _found(request)
    async with request.transaction(accounts.rows_of(found)) as session:
        account = await _matched(request, session, found)
        return view(await people.set_status(session, account, status, request.principal))


async def _matched(request: Call, session: AsyncSession, found: Account) -> Account:
    """The account, held to the version that was seen and locked until the change is done."""
    locked = await people.lock(session, found)

    async def present() -> PersonView:
        return view(locked)

    await request.match(present)
    return locked.account


async def _found(request: Call) -> Account:
    async with request.transaction() as session:
        return (await people.find(session, partner_of(request), request.path_id("acc", "person"))).account


async def tenant_named(request: Call, client: str | None, environment: str | None) -> UUID | None:
    """Whom the caller names by client and environment: proven to be theirs to name, else answered as unknown.

    Raises:
        InvalidField: one without the other.
        UnknownClient, UnknownEnvironment: nothing there, or not theirs.
    """
    if (client is None) != (environment is None):
        raise InvalidField("/environment", "Give client and environment together")
    if client is None or environment is None:
        return None
    who = request.principal
    if who.scope is Scope.CLIENT and who.client_id is not None:
        if client in {who.client_slug, ids.show("cli", who.client_id)} and environment == who.environment:
            return who.tenant_id
        raise UnknownClient
    async with request.transaction(scope_of(who)) as session:
        found = await organizations.find_client(session, partner_of(request), client)
        return (await organizations.find_tenant(session, found, environment)).tenant_id


def partner_of(request: Call) -> UUID:
    if request.principal.partner_id is None:
        raise NotFound
    return request.principal.partner_id


def role_ids(texts: list[str]) -> set[UUID]:
    try:
        return {ids.read("rol", one) for one in texts}
    except ids.MalformedId:
        raise UnknownRole("One of the roles is not there") from None


def view(person: Person) -> PersonView:
    row = person.account
    return PersonView(
        id=accounts.shown(row),
        email=row.email,
        name=row.name,
        tenant=None if row.tenant_id is None else ids.show("ten", row.tenant_id),
        roles=[role_routes.view(one) for one in person.roles],
        permissions=sorted(row.permissions),
        has_password=row.has_password,
        status=row.status,  # type: ignore[arg-type]  # from the list, by the table's own check
        created_at=row.created_at,
    )


HANDLERS: Final = (list_people, read_person, set_roles, disable_person, enable_person)
