"""People as `tenants.authority` judges them: an account as it is now, with the live roles that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.authority.judging import Person
from tenants.authority.service import Known
from tenants.identity import role_repository
from tenants.identity.models import Account
from tenants.identity.people_models import Role
from tenants.organizations import sites


async def known(session: AsyncSession, tenant_id: UUID) -> Known:
    """What a matrix of the environment may name: live roles that its people may have, and its sites."""
    roles: dict[str, list[str]] = {}
    for one in await role_repository.roles(session):
        if one.level == "client" and one.status == "active":
            roles.setdefault(one.slug, []).append(ids.show("rol", one.role_id))
    return Known(roles, await sites.slugs(session, tenant_id))


async def holders(session: AsyncSession, tenant_id: UUID, role_id: str) -> list[tuple[Account, Person]]:
    """Everybody of the environment who holds a role and may sign in, by name."""
    having = [
        one
        for one in await role_repository.holders(session, ids.read("rol", role_id))
        if one.tenant_id == tenant_id and one.status == "active"
    ]
    roles = await role_repository.roles_of(session, [one.account_id for one in having])
    by_name = sorted(having, key=lambda one: (one.name, one.account_id))
    return [(one, _person(one, roles[one.account_id])) for one in by_name]


def _person(found: Account, roles: Sequence[Role]) -> Person:
    live = frozenset(ids.show("rol", one.role_id) for one in roles if one.status == "active")
    return Person(account=ids.show("acc", found.account_id), email=found.email, roles=live)
