"""Who is let in, with which roles, and who may change that. Nobody manages who holds more than they do (S-68).

A session is the caller's, of the scope of the account (`accounts.rows_of`); it commits.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.identity import account_repository, accounts, people_repository, roles, withdrawals
from tenants.identity import role_repository as repository
from tenants.identity.accounts import Status
from tenants.identity.errors import LastAdministrator, NotYoursToManage, UnknownAccount, UnknownRole
from tenants.identity.models import Account
from tenants.identity.people_models import Role
from tenants.identity.principal import Principal
from tenants.identity.roles import LETS_IN, Level
from tenants.organizations import service as organizations
from tenants.organizations.errors import ClientStands


class Person(msgspec.Struct, frozen=True):
    account: Account
    roles: list[Role]


async def lock(session: AsyncSession, found: Account) -> Person:
    """As it is now, until the transaction ends. Raises UnknownAccount."""
    await repository.take_turn_there(session, found.partner_id, found.tenant_id)
    locked = await account_repository.account(session, found.partner_id, account_id=found.account_id, lock=True)
    if locked is None:
        raise UnknownAccount
    return await _person(session, locked)


async def find(session: AsyncSession, partner_id: UUID, account_id: UUID) -> Person:
    """Raises UnknownAccount: nothing there, or nothing that this scope may see."""
    found = await account_repository.account(session, partner_id, account_id=account_id)
    if found is None:
        raise UnknownAccount
    return await _person(session, found)


async def list_people(
    session: AsyncSession, partner_id: UUID, tenant_id: UUID | None, page: Page
) -> tuple[list[Person], str | None]:
    """People within the scope, by address; of one tenant when one is named. And the position of the next page."""
    found = await people_repository.accounts(session, partner_id, tenant_id, page)
    rows, last = cut(found, page, people_repository.position)
    given = await repository.roles_of(session, [one.account_id for one in rows])
    return [Person(one, given[one.account_id]) for one in rows], last


async def lock_roles(session: AsyncSession, wanted: Collection[UUID]) -> None:
    """Let nobody change these roles until the transaction ends, as far as the scope may change them itself."""
    await repository.by_ids(session, wanted)


async def set_roles(session: AsyncSession, found: Account, wanted: Collection[UUID], giver: Principal) -> Person:
    """The account has exactly these roles; its sessions end, everywhere within 5 s (S-63). Safe to repeat.

    When it loses anything by it, nobody is let in any more by its invitations.

    Raises:
        UnknownRole, NotYoursToGrant: a role that is not there or not the giver's to give.
        NotYoursToManage: the account holds more than the giver could give.
        LastAdministrator: nobody else there could let people in.
        ClientStands: the client is not active.
    """
    await check_managed(session, found, giver)
    await check_open(session, found.partner_id, found.tenant_id)
    chosen = await roles.grantable_roles(session, wanted, level_of(found), found.tenant_id, giver)
    before = await repository.roles_of(session, [found.account_id])
    kept = {one for role in chosen for one in role.permissions} | set(found.permissions)
    if LETS_IN not in kept:
        await _check_not_last(session, found)
    held = await repository.held(session, found)
    await repository.give(session, found, [one.role_id for one in chosen])
    await account_repository.end_sessions(session, found.partner_id, found.account_id)
    if not held <= await repository.held(session, found):
        await withdrawals.of_account(session, found, actor=giver.actor)
    after = {"roles": sorted(map(roles.shown, chosen)), "before": sorted(map(roles.shown, before[found.account_id]))}
    await audit.record(
        session, actor=giver.actor, action="account.roles-set", target=accounts.shown(found), after=after
    )
    return await _person(session, found)


async def give_role(session: AsyncSession, found: Account, role: Role, giver: Principal) -> bool:
    """One role more; whether it is new to the account, whose sessions end then. Raises as `set_roles`.

    The role is one of `roles.grantable_roles`.
    """
    await check_managed(session, found, giver)
    await check_open(session, found.partner_id, found.tenant_id)
    if not await repository.give_one(session, found, role.role_id):
        return False
    await _record_role(session, found, "account.role-given", role, giver)
    return True


async def take_role(session: AsyncSession, found: Account, role: Role, taker: Principal) -> bool:
    """One role less; whether the account had it. What it loses by it ends its invitations, as with `set_roles`.

    Raises:
        NotYoursToManage, LastAdministrator: as `set_roles`.
    """
    before = await repository.held(session, found)
    await check_managed(session, found, taker)
    if not await repository.take_one(session, found, role.role_id):
        return False
    lost = before - await repository.held(session, found)
    if LETS_IN in lost and found.status == "active" and not await repository.others_hold(session, found, LETS_IN):
        raise LastAdministrator
    if lost:
        await withdrawals.of_account(session, found, actor=taker.actor)
    await _record_role(session, found, "account.role-taken", role, taker)
    return True


async def give_first(session: AsyncSession, found: Account, slug: str, *, actor: str) -> None:
    """A role by its slug, from whoever has the database: a partner's first people are given theirs so.

    Raises:
        UnknownRole: none of this slug for these people.
    """
    known = await repository.roles(session)
    chosen = [one for one in known if one.slug == slug and one.level == level_of(found) and one.status == "active"]
    if not chosen:
        raise UnknownRole(f"No role '{slug}' for these people")
    await repository.give(session, found, [chosen[-1].role_id])
    after = {"roles": [roles.shown(chosen[-1])]}
    await audit.record(session, actor=actor, action="account.roles-set", target=accounts.shown(found), after=after)


async def set_status(session: AsyncSession, found: Account, status: Status, changer: Principal) -> Person:
    """Disable or enable, as `accounts.set_status`. Raises NotYoursToManage, LastAdministrator, ClientStands.

    To disable takes only away, and is free to whoever stands above the account (ADR 0065).
    """
    if status == "active" or level_of(found) == changer.scope:
        await check_managed(session, found, changer)
    if status == "active":
        await check_open(session, found.partner_id, found.tenant_id)
    if status == "disabled" and found.status == "active":
        await _check_not_last(session, found)
    await accounts.set_status(session, found, status, actor=changer.actor)
    await session.refresh(found)
    return await _person(session, found)


async def check_managed(session: AsyncSession, found: Account, changer: Principal) -> None:
    """Raises NotYoursToManage: who changes an account that may do more than they may could become it."""
    if found.account_id == changer.account_id:
        return
    held = await repository.held(session, found)
    may = roles.grantable(changer, level_of(found))
    if lacking := sorted(held - {one.value for one in may}):
        raise NotYoursToManage(f"It holds what you may not give: {', '.join(lacking)}", permissions=lacking)


def level_of(found: Account) -> Level:
    return "partner" if found.tenant_id is None else "client"


async def check_open(session: AsyncSession, partner_id: UUID, tenant_id: UUID | None) -> None:
    """Raises ClientStands: the client is not active; of the partner's own people, that it is not."""
    if not await organizations.takes_people(session, partner_id, tenant_id):
        raise ClientStands("Nobody is given anything while the client is suspended, disabled or deleted")


async def _record_role(session: AsyncSession, found: Account, action: str, role: Role, actor: Principal) -> None:
    await account_repository.end_sessions(session, found.partner_id, found.account_id)
    after = {"role": roles.shown(role)}
    await audit.record(session, actor=actor.actor, action=action, target=accounts.shown(found), after=after)


async def _check_not_last(session: AsyncSession, found: Account) -> None:
    if LETS_IN not in await repository.held(session, found):
        return
    if not await repository.others_hold(session, found, LETS_IN):
        raise LastAdministrator


async def _person(session: AsyncSession, found: Account) -> Person:
    return Person(found, (await repository.roles_of(session, [found.account_id]))[found.account_id])
