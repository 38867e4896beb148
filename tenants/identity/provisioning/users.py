"""People as a directory says that they are: made, changed, disabled and let go (ADR 0053).

A session is of what the caller stands for, the partner itself or one tenant, and the caller commits. What writes begins
with `directory_of(…, alone=True)`: two who change the same people wait for one another.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit import service as audit
from tenants.identity import account_repository, accounts, emails, passkey_repository, people, role_repository
from tenants.identity.accounts import NewAccount
from tenants.identity.models import Account
from tenants.identity.openid import providers
from tenants.identity.openid import repository as openid
from tenants.identity.people_models import IdentityProvider, ProvisionedAccount, Role
from tenants.identity.principal import Principal
from tenants.identity.provisioning import repository
from tenants.identity.provisioning.errors import HasPassword, NoDirectory, PersonTaken, UnknownPerson


def key_of(user_name: str) -> str:
    """A user name as it is compared: without regard to case (RFC 7643, 4.1.1)."""
    return unicodedata.normalize("NFKC", user_name).casefold()


_AS_STORED: Final[dict[str, Callable[[str], str]]] = {
    "user_name": key_of,
    "email": emails.normal,
    "name": str.lower,
    "subject": str,
}
Criterion = Literal["user_name", "subject", "id", "email", "name", "active"]
_OF_ACCOUNT: Final[tuple[str, ...]] = ("name", "email")
_OF_ENTRY: Final[tuple[str, ...]] = ("user_name", "subject", "formatted_name", "given_name", "family_name")


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a directory says of somebody. `name` is what people see, `subject` who they are at the provider."""

    user_name: str
    subject: str
    name: str
    email: str
    formatted_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    is_active: bool = True


class Provisioned(msgspec.Struct, frozen=True):
    entry: ProvisionedAccount
    account: Account
    roles: list[Role]

    @property
    def described(self) -> Described:
        return Described(
            **{name: getattr(self.entry, name) for name in _OF_ENTRY},
            **{name: getattr(self.account, name) for name in _OF_ACCOUNT},
            is_active=self.account.status == "active",
        )


async def directory_of(session: AsyncSession, caller: Principal, *, alone: bool = False) -> IdentityProvider:
    """The provider whose directory says who the caller's people are.

    Raises:
        NoDirectory: none was named.
    """
    if caller.partner_id is None:
        raise NoDirectory
    if alone:
        await role_repository.take_turn_there(session, caller.partner_id, caller.tenant_id)
    found = await openid.provisioning(session, caller.partner_id, caller.tenant_id)
    if found is None:
        raise NoDirectory("Name it first: POST /v1/identity-providers/{provider}/provision")
    return found


async def find(session: AsyncSession, directory: IdentityProvider, account_id: UUID) -> Provisioned:
    """Raises UnknownPerson: nobody whom this directory provisions."""
    rows = await repository.by_ids(session, directory, [account_id])
    if not rows:
        raise UnknownPerson
    return (await _with_roles(session, rows))[0]


async def list_people(
    session: AsyncSession,
    directory: IdentityProvider,
    wanted: Collection[tuple[Criterion, Any]],
    *,
    begin: int,
    most: int,
) -> tuple[list[Provisioned], int]:
    """Those of whom all of `wanted` is so, by age, and how many there are."""
    stored: dict[str, Any] = {}
    for name, value in wanted:
        as_stored = _stored(name, value)
        # What cannot be, and what would have to be two things at once, nobody is.
        if as_stored is None or stored.setdefault(name, as_stored) != as_stored:
            return [], 0
    rows, total = await repository.people(session, directory, stored, begin, most)
    return await _with_roles(session, rows), total


async def create(
    session: AsyncSession, directory: IdentityProvider, described: Described, maker: Principal
) -> Provisioned:
    """Somebody new; or who signed in at the provider before, found by the subject and never by the address (S-58).

    Raises:
        PersonTaken: the directory's already, by name or by subject; or the subject is somebody of another scope.
        NotYoursToManage, HasPassword: the subject is an account that the maker may not take over.
        InvalidField: name or address is no good.
        ClientStands: the client is not active.
    """
    await people.check_open(session, directory.partner_id, directory.tenant_id)
    account = await repository.linked(session, directory, described.subject)
    if account is None:
        account = await _make(session, directory, described, maker)
    else:
        await _take_over(session, directory, account, described, maker)
    values = {name: getattr(described, name) for name in _OF_ENTRY} | {
        "partner_id": account.partner_id,
        "account_id": account.account_id,
        "tenant_id": account.tenant_id,
        "provider_id": directory.provider_id,
        "user_key": key_of(described.user_name),
    }
    if not await repository.add(session, values):
        raise PersonTaken
    after = {"provider": providers.shown(directory), "user_name": described.user_name, "subject": described.subject}
    await audit.record(
        session, actor=maker.actor, action="account.provisioned", target=accounts.shown(account), after=after
    )
    status: accounts.Status = "active" if described.is_active else "disabled"
    if account.status != status:
        await people.set_status(session, account, status, maker)
    return await find(session, directory, account.account_id)


async def change(session: AsyncSession, found: Provisioned, described: Described, changer: Principal) -> Provisioned:
    """The person is as described; who is disabled, or somebody else at the provider, is signed out within 5 s (S-63).

    Safe to repeat.

    Raises:
        PersonTaken: somebody else has the name or the subject.
        NotYoursToManage, LastAdministrator: as `people.set_status`.
        InvalidField: name or address is no good.
    """
    before = found.described
    changed = {
        name: getattr(described, name)
        for name in (*_OF_ACCOUNT, *_OF_ENTRY)
        if getattr(described, name) != getattr(before, name)
    }
    if changed:
        await people.check_managed(session, found.account, changer)
        await _write(session, found, changed)
        target = accounts.shown(found.account)
        await audit.record(session, actor=changer.actor, action="account.changed", target=target, after=changed)
    if described.is_active is not before.is_active:
        status: accounts.Status = "active" if described.is_active else "disabled"
        await people.set_status(session, found.account, status, changer)
        await repository.change(session, found.entry, {})
    if changed or described.is_active is not before.is_active:
        await session.refresh(found.entry)
        await session.refresh(found.account)
    return found


async def let_go(session: AsyncSession, found: Provisioned, changer: Principal) -> None:
    """Nobody's here any more: disabled, without roles, signed out within 5 s. Their records keep their id.

    Raises:
        NotYoursToManage, LastAdministrator: as `people.set_status`.
    """
    await people.set_status(session, found.account, "disabled", changer)
    await role_repository.give(session, found.account, [])
    await repository.drop(session, found.entry)
    after = {"user_name": found.entry.user_name, "roles": sorted(one.slug for one in found.roles)}
    await audit.record(
        session, actor=changer.actor, action="account.let-go", target=accounts.shown(found.account), after=after
    )


def _stored(name: Criterion, value: Any) -> Any:
    """`value` as the database has it; None: nobody has it."""
    if name == "active":
        return {"true": "active", "false": "disabled"}.get(str(value).lower())
    if not isinstance(value, str):
        return None
    if name == "id":
        try:
            return ids.read("acc", value)
        except ids.MalformedId:
            return None
    return _AS_STORED[name](value)


async def _make(session: AsyncSession, directory: IdentityProvider, new: Described, maker: Principal) -> Account:
    made = await accounts.create(
        session,
        NewAccount(
            partner_id=directory.partner_id,
            tenant_id=directory.tenant_id,
            email=new.email,
            name=new.name,
            password_hash=None,
            permissions=frozenset(),
        ),
        actor=maker.actor,
    )
    values = {"partner_id": made.partner_id, "provider_id": directory.provider_id, "subject": new.subject}
    # Of two at once, or of one here and one who signs in for the first time, the second finds the subject taken.
    if not await openid.link(session, values | {"account_id": made.account_id, "tenant_id": made.tenant_id}):
        raise PersonTaken
    return made


async def _take_over(
    session: AsyncSession, directory: IdentityProvider, account: Account, described: Described, maker: Principal
) -> None:
    if account.tenant_id != directory.tenant_id or await account_repository.is_provisioned(
        session, account.partner_id, account.account_id
    ):
        raise PersonTaken
    await people.check_managed(session, account, maker)
    if account.has_password:
        raise HasPassword
    await _set_account(session, account, {name: getattr(described, name) for name in _OF_ACCOUNT})
    if removed := await passkey_repository.remove_all(session, account.partner_id, account.account_id):
        await account_repository.end_sessions(session, account.partner_id, account.account_id)
        target, after = accounts.shown(account), {"removed_passkeys": removed}
        await audit.record(session, actor=maker.actor, action="passkey.removed", target=target, after=after)


async def _write(session: AsyncSession, found: Provisioned, changed: dict[str, Any]) -> None:
    await _set_account(session, found.account, {name: changed[name] for name in _OF_ACCOUNT if name in changed})
    entry = {name: changed[name] for name in _OF_ENTRY if name in changed}
    if "user_name" in entry:
        entry["user_key"] = key_of(entry["user_name"])
    if not await repository.change(session, found.entry, entry):
        raise PersonTaken
    if "subject" in entry:
        await account_repository.end_sessions(session, found.account.partner_id, found.account.account_id)


async def _set_account(session: AsyncSession, account: Account, values: dict[str, Any]) -> None:
    if values:
        await account_repository.set_account(session, account, accounts.checked(values))
        await session.refresh(account)


async def _with_roles(session: AsyncSession, rows: list[repository.Row]) -> list[Provisioned]:
    given = await role_repository.roles_of(session, [account.account_id for _, account in rows])
    return [Provisioned(entry, account, given[account.account_id]) for entry, account in rows]
