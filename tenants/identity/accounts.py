"""Accounts: make, list, disable, give another password or other permissions.

A session is the caller's, of the account's tenant, or of the partner for its own people; it commits.

What is done to an account stands in the audit of whom it sees, beside what it does there.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Scope as Rows
from tenants.audit import service as audit
from tenants.identity import account_repository as repository
from tenants.identity import devices, emails, notices, passkey_repository, withdrawals
from tenants.identity.errors import EmailTaken, NotYoursToGrant, SignsInAtProvider, UnknownAccount
from tenants.identity.models import Account
from tenants.identity.permissions import ACCOUNT, ALLOWED, Permission, Scope
from tenants.organizations.names import check_name

Status = Literal["active", "disabled"]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """`password_hash` is of `Passwords.hash`, made before the transaction: it takes its time.

    None: the person signs in at a provider. `tenant_id` None: a person of the partner's own.
    """

    partner_id: UUID
    tenant_id: UUID | None
    email: str
    name: str
    password_hash: str | None
    permissions: AbstractSet[Permission] = ACCOUNT


async def create(session: AsyncSession, new: NewAccount, *, actor: str) -> Account:
    """A new account of a tenant, or of the partner.

    Raises:
        InvalidField: address or name is no good.
        NotYoursToGrant: a permission that nobody there may hold.
        EmailTaken: the partner has an account that signs in with that address.
    """
    _check_held(new.permissions, level_of(new.tenant_id))
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


def checked(values: Mapping[str, str]) -> dict[str, str]:
    """Name and address, where they are among `values`, as they are stored. Raises InvalidField."""
    found = dict(values)
    if "name" in found:
        found["name"] = check_name(found["name"], "/name")
    if "email" in found:
        found["email"] = emails.checked(found["email"])
    return found


async def set_status(session: AsyncSession, found: Account, status: Status, *, actor: str) -> None:
    """Disable or enable. A disabled account's sessions end, everywhere within 5 s (S-63). Safe to repeat.

    Nobody is let in any more by its invitations.
    """
    if found.status == status:
        return
    await repository.set_account(session, found, {"status": status})
    await repository.end_sessions(session, found.partner_id, found.account_id)
    if status == "disabled":
        await withdrawals.of_account(session, found, actor=actor)
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
    _check_held(wanted, level_of(found.tenant_id))
    # Now, since the update renews what the session holds of the row.
    before, after = sorted(found.permissions), sorted(one.value for one in wanted)
    added = set(after) - set(before)
    if lacking := sorted(added - {one.value for one in grantable}):
        raise NotYoursToGrant(f"These are not yours to give: {', '.join(lacking)}", permissions=lacking)
    if after == before:
        return
    await repository.set_account(session, found, {"permissions": after})
    await repository.end_sessions(session, found.partner_id, found.account_id)
    if not set(before) <= set(after):
        await withdrawals.of_account(session, found, actor=actor)
    record = {"permissions": after, "before": before}
    await audit.record(session, actor=actor, action="account.permissions-set", target=shown(found), after=record)


async def set_password(session: AsyncSession, found: Account, password_hash: str, *, actor: str) -> None:
    """Give another password; the account's sessions end, everywhere within 5 s (S-63).

    No browser is known to it any more, and its passkeys are removed: each would open the account as both factors, and
    whoever gives another password does so because somebody else may have been there.

    Raises:
        EmailTaken: it had none, and another account of the partner signs in with its address.
        SignsInAtProvider: a directory provisions it.
    """
    if await repository.is_provisioned(session, found.partner_id, found.account_id):
        raise SignsInAtProvider
    try:
        await repository.set_account(session, found, {"password_hash": password_hash})
    except IntegrityError:
        raise EmailTaken from None
    await repository.end_sessions(session, found.partner_id, found.account_id)
    await devices.forget(session, found.partner_id, found.account_id)
    after = {"removed_passkeys": await passkey_repository.remove_all(session, found.partner_id, found.account_id)}
    await audit.record(session, actor=actor, action="account.password-set", target=shown(found), after=after)
    await notices.tell(session, found, "people.password-changed", {})


def level_of(tenant_id: UUID | None) -> Scope:
    """What a person stands for: the partner itself, or one of its clients."""
    return Scope.PARTNER if tenant_id is None else Scope.CLIENT


def rows_of(found: Account) -> Rows:
    """The scope of transactions that change the account, so that its own log tells of them."""
    return Rows.partner(found.partner_id) if found.tenant_id is None else Rows.tenant(found.tenant_id)


def _check_held(wanted: AbstractSet[Permission], level: Scope) -> None:
    lacking = sorted(wanted - ALLOWED[level])
    if lacking:
        raise NotYoursToGrant(f"An account may not hold: {', '.join(lacking)}", permissions=lacking)


def shown(found: Account) -> str:
    return ids.show("acc", found.account_id)
