"""Roles as data: named sets of permissions that people are given. Nobody makes or gives what they lack (S-68).

A session is the caller's, of what it stands for; it commits. Roles of the product are read and never changed.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.identity import account_repository, withdrawals
from tenants.identity import role_repository as repository
from tenants.identity.errors import LastAdministrator, NotYoursToGrant, RoleOfTheProduct, RoleTaken, UnknownRole
from tenants.identity.people_models import Role
from tenants.identity.permissions import ALLOWED, Permission, Scope
from tenants.identity.principal import Principal
from tenants.organizations.errors import InvalidField
from tenants.organizations.names import check_name, check_slug

Level = Literal["partner", "client"]
LETS_IN: Final = Permission.PEOPLE_WRITE
"""Whoever has it is an administrator there."""
_SCOPES = {"partner": Scope.PARTNER, "client": Scope.CLIENT}


class NewRole(msgspec.Struct, frozen=True, kw_only=True):
    """`level`: of whose people. A partner's roles of level client are for all of its clients."""

    slug: str
    name: str
    level: Level
    permissions: AbstractSet[Permission]


async def create(session: AsyncSession, new: NewRole, maker: Principal) -> Role:
    """A role of the maker's partner, or of its tenant.

    Raises:
        InvalidField: slug or name is no good, or a client's own role is to be for the partner's people.
        NotYoursToGrant: a permission that the maker lacks, or that nobody at that level may hold.
        RoleTaken: there is one of that slug.
    """
    if maker.scope is Scope.CLIENT and new.level != "client":
        raise InvalidField("/level", "A client's roles are of level client")
    check_granted(new.permissions, new.level, maker)
    values = {
        "partner_id": maker.partner_id,
        "tenant_id": maker.tenant_id,
        "level": new.level,
        "slug": check_slug(new.slug, "/slug"),
        "name": check_name(new.name, "/name"),
        "permissions": sorted(new.permissions),
    }
    made = await repository.add_role(session, values)
    if made is None:
        raise RoleTaken
    after = {"slug": made.slug, "level": made.level, "permissions": made.permissions}
    await audit.record(session, actor=maker.actor, action="role.created", target=shown(made), after=after)
    return made


async def find(session: AsyncSession, role_id: UUID, *, lock: bool = False) -> Role:
    """Raises UnknownRole: nothing there, or nothing that this scope may see."""
    found = await repository.role(session, role_id, lock=lock)
    if found is None:
        raise UnknownRole
    return found


async def list_roles(session: AsyncSession, page: Page) -> tuple[list[Role], str | None]:
    """All that the scope sees, those of the product first; and the position of the next page."""
    return cut(await repository.roles(session, page), page, repository.position)


async def change(
    session: AsyncSession, role_id: UUID, changer: Principal, *, name: str | None, permissions: AbstractSet[Permission]
) -> Role:
    """Another name, other permissions; the sessions of everybody who has the role end, everywhere within 5 s (S-63).

    Raises:
        UnknownRole, RoleOfTheProduct: not there, or not yours.
        NotYoursToGrant: the role holds, or is to hold, what the changer lacks.
        LastAdministrator: nobody would be left, somewhere, who lets people in (S-68).
    """
    found = await _own(session, role_id, changer)
    check_granted(permissions | held_by([found]), found.level, changer)
    changes: dict[str, object] = {"permissions": sorted(permissions)}
    if name is not None:
        changes["name"] = check_name(name, "/name")
    before = list(found.permissions)
    await _apply(session, found, changes, changer)
    after = {"before": before, "permissions": found.permissions, "name": found.name}
    await audit.record(session, actor=changer.actor, action="role.changed", target=shown(found), after=after)
    return found


async def set_status(
    session: AsyncSession, role_id: UUID, changer: Principal, status: Literal["active", "disabled"]
) -> Role:
    """A disabled role gives nobody anything and is given to nobody. Raises as `change`. Safe to repeat."""
    found = await _own(session, role_id, changer)
    check_granted(held_by([found]), found.level, changer)
    if found.status == status:
        return found
    await _apply(session, found, {"status": status}, changer)
    action = "role.enabled" if status == "active" else "role.disabled"
    await audit.record(session, actor=changer.actor, action=action, target=shown(found))
    return found


async def grantable_roles(
    session: AsyncSession, wanted: Collection[UUID], level: Level, tenant_id: UUID | None, giver: Principal
) -> list[Role]:
    """The roles of these ids, when the giver may give every one of them to people of `level` in `tenant_id`.

    Raises:
        UnknownRole: as `named`.
        NotYoursToGrant: one holds what the giver lacks.
    """
    found = await named(session, wanted, level, tenant_id)
    check_granted(held_by(found), level, giver)
    return found


async def named(session: AsyncSession, wanted: Collection[UUID], level: Level, tenant_id: UUID | None) -> list[Role]:
    """The roles of these ids, which people of `level` in `tenant_id` may have, whoever gives them.

    Raises:
        UnknownRole: one that is not there, is disabled, of the other level or another's tenant.
    """
    found = await repository.by_ids(session, wanted)
    for one in found:
        if one.status != "active" or one.level != level or one.tenant_id not in {None, tenant_id}:
            raise UnknownRole(f"No role {shown(one)} for these people")
    if len(found) != len(set(wanted)):
        raise UnknownRole("One of the roles is not there")
    return found


def grantable(giver: Principal, level: Level) -> frozenset[Permission]:
    """What `giver` may let people of `level` do: what they hold themselves, at their own level and below (S-05).

    A client's people are its partner's to let in who holds `clients:write` and `people:write`.
    """
    target = _SCOPES[level]
    if giver.scope is not target and not lets_clients_in(giver):
        return frozenset()
    return giver.permissions & ALLOWED[target]


def lets_clients_in(giver: Principal) -> bool:
    """Whether a partner's person or key may let its clients' people in at all."""
    return giver.scope is Scope.PARTNER and {Permission.CLIENTS_WRITE, LETS_IN} <= giver.permissions


def check_granted(wanted: AbstractSet[str], level: str, giver: Principal) -> None:
    """Raises NotYoursToGrant, naming what is lacking."""
    may = grantable(giver, "partner" if level == "partner" else "client")
    if lacking := sorted(wanted - may):
        detail = f"These are not yours to give: {', '.join(lacking)}"
        if giver.scope is Scope.PARTNER and level == "client" and not lets_clients_in(giver):
            detail += ". What a client's people may, gives who holds clients:write and people:write"
        raise NotYoursToGrant(detail, permissions=lacking)


async def _own(session: AsyncSession, role_id: UUID, changer: Principal) -> Role:
    found = await find(session, role_id, lock=False)
    if found.partner_id is None or (changer.scope is Scope.CLIENT and found.tenant_id is None):
        raise RoleOfTheProduct("Make a role of your own with the permissions that you want")
    return await find(session, role_id, lock=True)


async def _apply(session: AsyncSession, found: Role, changes: dict[str, object], changer: Principal) -> None:
    """Change the role, and what hangs on it: sessions, and invitations of those who lose something by it."""
    before = _given(found)
    lets_in = await repository.places_with(session, found, LETS_IN) if LETS_IN in before else set()
    await repository.set_role(session, found.role_id, changes)
    await session.refresh(found)
    is_taken = bool(lets_in) and LETS_IN not in _given(found)
    if is_taken and lets_in - await repository.places_with(session, found, LETS_IN):
        raise LastAdministrator
    for one in await repository.holders(session, found.role_id):
        await account_repository.end_sessions(session, one.partner_id, one.account_id)
        if not before <= _given(found):
            await withdrawals.of_account(session, one, actor=changer.actor)


def _given(found: Role) -> frozenset[str]:
    """What whoever has the role may do by it."""
    return frozenset(found.permissions) if found.status == "active" else frozenset()


def held_by(found: Collection[Role]) -> frozenset[str]:
    """What whoever has all of these roles may do; one that only a newer version knows, too, so that nobody gives it."""
    return frozenset[str]().union(*(one.permissions for one in found))


def shown(found: Role) -> str:
    return ids.show("rol", found.role_id)
