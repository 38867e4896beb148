"""Accounts: make, list, disable, give another password or other permissions.

A session is the caller's, of the account's tenant; it commits.

What is done to an account stands in the audit of the tenant that it sees, beside what it does there.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit import service as audit
from tenants.identity import account_repository as repository
from tenants.identity import devices, emails
from tenants.identity.errors import EmailTaken, NotYoursToGrant, UnknownAccount
from tenants.identity.models import Account
from tenants.identity.permissions import ACCOUNT, ALLOWED, Permission, Scope
from tenants.organizations.names import check_name

Status = Literal["active", "disabled"]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """`password_hash` is of `Passwords.hash`, made before the transaction: it takes its time."""

    partner_id: UUID
    tenant_id: UUID
    email: str
    name: str
    password_hash: str
    permissions: AbstractSet[Permission] = ACCOUNT


async def create(session: AsyncSession, new: NewAccount, *, actor: str) -> Account:
    """A new account of a tenant.

    Raises:
        InvalidField: address or name is no good.
        NotYoursToGrant: a permission that nobody at a client may hold.
        EmailTaken: the partner has an account of that address.
    """
    _check_held(new.permissions)
    values = msgspec.structs.asdict(new)
    values |= {"email": emails.checked(new.email), "name": check_name(new.name, "/name")}
    made = await repository.add_account(session, {**values, "permissions": sorted(new.permissions)})
    if made is None:
        raise EmailTaken
    after = {"email": made.email, "name": made.name, "permissions": made.permissions}
    await audit.record(session, actor=actor, action="account.created", target=shown(made), after=after)
    return made


async def find(session: AsyncSession, partner_id: UUID, reference: str) -> Account:
    """The account of this id (`acc_…`) or address.

    Raises:
        UnknownAccount: nothing there, or nothing that this scope may see.
    """
    try:
        found = await repository.account(session, partner_id, account_id=ids.read("acc", reference))
    except ids.MalformedId:
        found = await repository.account(session, partner_id, email=emails.normal(reference))
    if found is None:
        raise UnknownAccount
    return found


async def list_accounts(session: AsyncSession, partner_id: UUID) -> list[Account]:
    """A partner's accounts within the session's scope, by address."""
    return await repository.accounts(session, partner_id)


async def set_status(session: AsyncSession, found: Account, status: Status, *, actor: str) -> None:
    """Disable or enable. A disabled account's sessions end, everywhere within 5 s (S-63). Safe to repeat."""
    if found.status == status:
        return
    await repository.set_account(session, found, {"status": status})
    await repository.end_sessions(session, found.partner_id, found.account_id)
    action = "account.enabled" if status == "active" else "account.disabled"
    await audit.record(session, actor=actor, action=action, target=shown(found))


async def set_permissions(
    session: AsyncSession,
    found: Account,
    wanted: AbstractSet[Permission],
    *,
    grantable: AbstractSet[Permission],
    actor: str,
) -> None:
    """Give the account exactly these permissions. Its sessions end, everywhere within 5 s (S-63). Safe to repeat.

    `grantable` is what whoever changes it may give; what the account has already, it may keep (S-68).

    Raises:
        NotYoursToGrant: a permission that nobody at a client may hold, or that the caller may not give.
    """
    _check_held(wanted)
    # Now, since the update renews what the session holds of the row.
    before, after = sorted(found.permissions), sorted(one.value for one in wanted)
    added = set(after) - set(before)
    if lacking := sorted(added - {one.value for one in grantable}):
        raise NotYoursToGrant(f"These are not yours to give: {', '.join(lacking)}", permissions=lacking)
    if after == before:
        return
    await repository.set_account(session, found, {"permissions": after})
    await repository.end_sessions(session, found.partner_id, found.account_id)
    record = {"permissions": after, "before": before}
    await audit.record(session, actor=actor, action="account.permissions-set", target=shown(found), after=record)


async def set_password(session: AsyncSession, found: Account, password_hash: str, *, actor: str) -> None:
    """Give another password; the account's sessions end, everywhere within 5 s (S-63).

    No browser is known to it any more.
    """
    await repository.set_account(session, found, {"password_hash": password_hash})
    await repository.end_sessions(session, found.partner_id, found.account_id)
    await devices.forget(session, found.partner_id, found.account_id)
    await audit.record(session, actor=actor, action="account.password-set", target=shown(found))


def _check_held(wanted: AbstractSet[Permission]) -> None:
    lacking = sorted(wanted - ALLOWED[Scope.CLIENT])
    if lacking:
        raise NotYoursToGrant(f"An account may not hold: {', '.join(lacking)}", permissions=lacking)


def shown(found: Account) -> str:
    return ids.show("acc", found.account_id)
