from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, patch, put

from infra import ids
from services.api.call import Call
from services.api.scim import bodies, filters, memberships, paging, versions, views
from services.api.scim.errors import MEDIA_TYPE, PREFIX
from services.api.scim.paging import Attributes, Count, Excluded, Filter, StartIndex
from services.api.scim.views import ScimGroup, ScimGroups
from tenants.identity import roles
from tenants.identity.provisioning import groups, users
from tenants.identity.provisioning.groups import Group

TAGS: Final = ["scim"]
_FILTERS: Final = dict.fromkeys(("id", "displayname", "externalid", "members", "members.value"))


@get(f"{PREFIX}/Groups", summary="List groups over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def list_groups(
    request: Call,
    filter_: Filter = None,
    start_index: StartIndex = 1,
    count: Count = paging.DEFAULT_COUNT,
    attributes: Attributes = None,
    excluded: Excluded = None,
) -> ScimGroups:
    """Roles that the directory's people may have. Filter by `displayName`, `id` or `members`."""
    terms = filters.read(filter_, _FILTERS)
    begin, most = paging.begin(start_index), paging.most(count)
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal)
        found = await groups.list_groups(session, directory)
    fitting = [one for one in found if all(_fits(one, name, value) for name, value in terms)]
    shown = [views.projected(views.group(one), attributes, excluded) for one in fitting[begin : begin + most]]
    return ScimGroups(total_results=len(fitting), start_index=begin + 1, items_per_page=len(shown), resources=shown)


@get(f"{PREFIX}/Groups/{{group:str}}", summary="Read a group over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def read_group(request: Call, attributes: Attributes = None, excluded: Excluded = None) -> Response[ScimGroup]:
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal)
        found = views.group(await groups.find(session, directory, request.path_id("rol", "group")))
    return versions.answer(request, found, 200, attributes=attributes, excluded=excluded)


@put(f"{PREFIX}/Groups/{{group:str}}", summary="Set a group's members over SCIM", tags=TAGS, media_type=MEDIA_TYPE)
async def replace_group(request: Call, attributes: Attributes = None, excluded: Excluded = None) -> Response[ScimGroup]:
    """Exactly these of the directory's people have the role; nobody gives what the key lacks. Safe to repeat."""
    body = await bodies.read(request)
    role_id = request.path_id("rol", "group")
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal, alone=True)
        found = await groups.find(session, directory, role_id)
        versions.check(request, views.group(found))
        wanted = memberships.read(body, found.role.name)
        if wanted is not None:
            found = await groups.set_members(session, directory, found, wanted, request.principal)
    return versions.answer(request, views.group(found), 200, attributes=attributes, excluded=excluded)


@patch(f"{PREFIX}/Groups/{{group:str}}", summary="Change a group's members over SCIM", tags=TAGS, status_code=204)
async def change_group(request: Call) -> Response[None]:
    """Add, remove or replace members, all or none; nobody gives what the key lacks. The answer has no body."""
    body = await bodies.read(request)
    role_id = request.path_id("rol", "group")
    async with request.transaction() as session:
        directory = await users.directory_of(session, request.principal, alone=True)
        found = await groups.find(session, directory, role_id)
        versions.check(request, views.group(found))
        wanted = memberships.patched(body, found.role.name, {one for one, _ in found.members})
        found = await groups.set_members(session, directory, found, wanted, request.principal)
    return Response(None, status_code=204, headers={"ETag": views.version_of(views.group(found))})


def _fits(group: Group, name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if name == "id":
        return roles.shown(group.role) == value
    if name == "displayname":
        return group.role.name.casefold() == value.casefold()
    if name == "externalid":
        return False  # none is kept: a group is known by its name
    return any(ids.show("acc", one) == value for one, _ in group.members)


HANDLERS: Final = (list_groups, read_group, replace_group, change_group)
