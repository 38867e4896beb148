"""Roles as groups of people whom a directory provisions: what one gives is the role's, who is in it the directory's.

A session is of what the caller stands for, and the caller commits.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity import people, role_repository, roles
from tenants.identity.people_models import IdentityProvider, Role
from tenants.identity.principal import Principal
from tenants.identity.provisioning import repository
from tenants.identity.provisioning.errors import UnknownGroup
from tenants.organizations.errors import InvalidField


class Group(msgspec.Struct, frozen=True):
    """A role, and id and name of those of the directory who have it; others who have it are not the directory's."""

    role: Role
    members: list[tuple[UUID, str]]


async def list_groups(session: AsyncSession, directory: IdentityProvider) -> list[Group]:
    """Roles that people of this scope may have, and no others (S-02)."""
    return await _groups(session, directory, await _roles(session, directory))


async def find(session: AsyncSession, directory: IdentityProvider, role_id: UUID) -> Group:
    """Raises UnknownGroup: no role that these people may have."""
    wanted = [one for one in await _roles(session, directory) if one.role_id == role_id]
    if not wanted:
        raise UnknownGroup
    return (await _groups(session, directory, wanted))[0]


async def set_members(
    session: AsyncSession, directory: IdentityProvider, group: Group, wanted: Collection[UUID], giver: Principal
) -> Group:
    """Exactly these of the directory's people have the role; the sessions of who got or lost it end within 5 s (S-63).

    Safe to repeat.

    Raises:
        NotYoursToGrant: the role holds what the giver lacks (S-68).
        NotYoursToManage, LastAdministrator: as `people.give_role` and `people.take_role`.
        InvalidField: one of them is nobody whom the directory provisions.
    """
    present = {account_id for account_id, _ in group.members}
    added, removed = set(wanted) - present, present - set(wanted)
    if added:
        await roles.grantable_roles(session, [group.role.role_id], _level(directory), directory.tenant_id, giver)
    rows = await repository.by_ids(session, directory, added | removed)
    if len(rows) != len(added | removed):
        raise InvalidField("/members", "One of them is no user whom this directory provisions")
    for _, account in rows:
        if account.account_id in added:
            await people.give_role(session, account, group.role, giver)
        else:
            await people.take_role(session, account, group.role, giver)
    return await find(session, directory, group.role.role_id)


async def _roles(session: AsyncSession, directory: IdentityProvider) -> list[Role]:
    return [
        one
        for one in await role_repository.roles(session)
        if one.status == "active" and one.level == _level(directory) and one.tenant_id in {None, directory.tenant_id}
    ]


async def _groups(session: AsyncSession, directory: IdentityProvider, found: list[Role]) -> list[Group]:
    members = await repository.members(session, directory, [one.role_id for one in found])
    return [Group(one, members[one.role_id]) for one in found]


def _level(directory: IdentityProvider) -> roles.Level:
    return "partner" if directory.tenant_id is None else "client"
