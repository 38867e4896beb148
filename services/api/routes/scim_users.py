from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Response, delete, get, patch, post, put

from services.api.call import Call
from services.api.scim import bodies, filters, paging, versions, views
from services.api.scim import users as described
from services.api.scim.errors import MEDIA_TYPE, PREFIX
from services.api.scim.paging import Attributes, Count, Excluded, Filter, StartIndex
from services.api.scim.users import Said
from services.api.scim.views import ScimUser, ScimUsers
from tenants.identity.provisioning import users
from tenants.identity.provisioning.users import Criterion, Described

TAGS: Final = ["scim"]


@get(f"{PREFIX}/Users", summary="List users over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def list_users(
    request: Call,
    filter_: Filter = None,
    start_index: StartIndex = 1,
    count: Count = paging.DEFAULT_COUNT,
    attributes: Attributes = None,
    excluded: Excluded = None,
) -> ScimUsers:
    """Those whom the directory provisions, by age. Filter by `userName`, `externalId`, `id`, `emails` or `active`."""
    wanted = [(_FILTERS[name], value) for name, value in filters.read(filter_, _FILTERS)]
    begin, most = paging.begin(start_index), paging.most(count)
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal)
        found, total = await users.list_people(session, directory, wanted, begin=begin, most=most)
        shown = [views.projected(views.user(one), attributes, excluded) for one in found]
    return ScimUsers(total_results=total, start_index=begin + 1, items_per_page=len(shown), resources=shown)


@post(f"{PREFIX}/Users", summary="Provision a user over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def create_user(request: Call, attributes: Attributes = None, excluded: Excluded = None) -> Response[ScimUser]:
    """Somebody new; or who signed in at the provider before, known by `externalId` and never by an address."""
    wanted = described.described(described.read(await bodies.read(request)), None)
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal, alone=True)
        found = views.user(await users.create(session, directory, wanted, request.principal))
    return versions.answer(request, found, 201, attributes=attributes, excluded=excluded)


@get(f"{PREFIX}/Users/{{user:str}}", summary="Read a user over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def read_user(request: Call, attributes: Attributes = None, excluded: Excluded = None) -> Response[ScimUser]:
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal)
        found = views.user(await users.find(session, directory, request.path_id("acc", "user")))
    return versions.answer(request, found, 200, attributes=attributes, excluded=excluded)


@put(f"{PREFIX}/Users/{{user:str}}", summary="Replace a user over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def replace_user(request: Call, attributes: Attributes = None, excluded: Excluded = None) -> Response[ScimUser]:
    """What is left out stays as it is. Who is made inactive is signed out within 5 seconds. Safe to repeat."""
    return await _change(request, described.read, attributes, excluded)


@patch(f"{PREFIX}/Users/{{user:str}}", summary="Change a user over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def change_user(request: Call, attributes: Attributes = None, excluded: Excluded = None) -> Response[ScimUser]:
    """By operations, all or none. Who is made inactive is signed out within 5 seconds."""
    return await _change(request, described.patched, attributes, excluded)


@delete(f"{PREFIX}/Users/{{user:str}}", summary="Let a user go over SCIM", tags=TAGS)
async def delete_user(request: Call) -> None:
    """Disabled, without roles, signed out within 5 seconds; what was done by them keeps their id."""
    account_id = request.path_id("acc", "user")
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal, alone=True)
        found = await users.find(session, directory, account_id)
        versions.check(request, views.user(found))
        await users.let_go(session, found, request.principal)


async def _change(
    request: Call, read: Callable[[Mapping[str, Any]], Said], attributes: str | None, excluded: str | None
) -> Response[ScimUser]:
    account_id = request.path_id("acc", "user")
    said = read(await bodies.read(request))
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal, alone=True)
        before = await users.find(session, directory, account_id)
        versions.check(request, views.user(before))
        wanted: Described = described.described(said, before.described)
        found = views.user(await users.change(session, before, wanted, request.principal))
    return versions.answer(request, found, 200, attributes=attributes, excluded=excluded)


_FILTERS: Final[dict[str, Criterion]] = {
    "username": "user_name",
    "externalid": "subject",
    "id": "id",
    "emails": "email",
    "emails.value": "email",
    'emails[type eq "work"].value': "email",
    "displayname": "name",
    "active": "active",
}

HANDLERS: Final = (list_users, create_user, read_user, replace_user, change_user, delete_user)
