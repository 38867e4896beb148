"""All SQL about accounts and their sessions. Row-level security limits each query to the scope."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, DateTime, Row, Select, Text, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Scope
from tenants.identity.models import Account, PortalSession
from tenants.identity.people_models import ProvisionedAccount
from tenants.organizations.models import Client, Partner, PortalHost, Tenant

_DROPPED_AT_ONCE: Final = 100


class FoundAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account with whom it stands for. `live`: nobody of them is disabled.

    A person of the partner's own stands for no client, unless a session says which one they act as. `own_tenant_id` is
    the account's, `tenant_id` the one it stands for; `permissions` are those of its roles, too.
    """

    partner_id: UUID
    partner_slug: str
    client_id: UUID | None
    client_slug: str | None
    client_name: str | None
    own_tenant_id: UUID | None
    tenant_id: UUID | None
    environment: str | None
    account_id: UUID
    email: str
    name: str
    permissions: list[str]
    live: bool

    @property
    def rows(self) -> Scope:
        """Where what is done to the account is written."""
        return Scope.partner(self.partner_id) if self.own_tenant_id is None else Scope.tenant(self.own_tenant_id)


class FoundSession(msgspec.Struct, frozen=True, kw_only=True):
    """`acting_reason`: why the account acts as the client that it stands for; None when it is its own.

    The last three: by which provider the person came, None for none; see `live_session.Vouch`.
    """

    account: FoundAccount
    expires_at: datetime
    seen_at: datetime
    proved_at: datetime
    acting_reason: str | None
    now: datetime
    provider_id: UUID | None
    vouched_at: datetime | None
    sid_hash: bytes | None


_STANDING = (
    Account.partner_id,
    Partner.slug.label("partner_slug"),
    Client.client_id,
    Client.slug.label("client_slug"),
    Client.name.label("client_name"),
    Account.tenant_id.label("own_tenant_id"),
    Tenant.tenant_id,
    Tenant.environment,
    Account.account_id,
    Account.email,
    Account.name,
    func.app.held_permissions(Account.partner_id, Account.account_id, Account.permissions, type_=ARRAY(Text)).label(
        "permissions"
    ),
    (
        (Account.status == "active")
        & (Partner.status == "active")
        & (Client.status.is_not_distinct_from("active") | (Account.tenant_id.is_(None) & Tenant.tenant_id.is_(None)))
    ).label("live"),
)


def _of_account(query: Any, tenant: Any = Account.tenant_id) -> Select[Any]:
    """`query` with whom the account stands for: what its own tenant is, or what a session says."""
    joined: Select[Any] = (
        query.join(Partner, Partner.partner_id == Account.partner_id)
        .outerjoin(Tenant, (Tenant.partner_id == Account.partner_id) & (Tenant.tenant_id == tenant))
        .outerjoin(Client, (Client.partner_id == Tenant.partner_id) & (Client.client_id == Tenant.client_id))
    )
    return joined


def _account(row: Row[Any]) -> FoundAccount:
    return FoundAccount(**{name: getattr(row, name) for name in FoundAccount.__struct_fields__})


async def add_account(session: AsyncSession, values: dict[str, Any]) -> Account | None:
    """The new account, None when the partner has one of that address."""
    made = insert(Account).values(account_id=ids.new(), **values).on_conflict_do_nothing().returning(Account)
    return (await session.scalars(made)).one_or_none()


async def account(
    session: AsyncSession,
    partner_id: UUID,
    *,
    account_id: UUID | None = None,
    email: str | None = None,
    lock: bool = False,
) -> Account | None:
    """By its id, or by the address that it signs in with."""
    by_email = (Account.email == email) & Account.password_hash.is_not(None)
    query = select(Account).where(
        Account.partner_id == partner_id, Account.account_id == account_id if account_id is not None else by_email
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def accounts(session: AsyncSession, partner_id: UUID) -> list[Account]:
    query = select(Account).where(Account.partner_id == partner_id).order_by(Account.email)
    return list((await session.scalars(query)).all())


async def is_provisioned(session: AsyncSession, partner_id: UUID, account_id: UUID) -> bool:
    """Whether a directory provisions the account, so that it signs in at its provider alone."""
    query = select(ProvisionedAccount.account_id).where(
        ProvisionedAccount.partner_id == partner_id, ProvisionedAccount.account_id == account_id
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def set_account(session: AsyncSession, found: Account, changes: dict[str, Any]) -> None:
    await session.execute(
        update(Account)
        .where(Account.partner_id == found.partner_id, Account.account_id == found.account_id)
        .values(**changes)
    )


async def with_password(session: AsyncSession, partner_id: UUID, email: str) -> tuple[FoundAccount, str] | None:
    """The account of this address and the hash of its password."""
    query = _of_account(select(*_STANDING, Account.password_hash).select_from(Account)).where(
        Account.partner_id == partner_id, Account.email == email, Account.password_hash.is_not(None)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (_account(row), row.password_hash)


async def standing(session: AsyncSession, partner_id: UUID, account_id: UUID) -> FoundAccount | None:
    """The account of this id."""
    query = _of_account(select(*_STANDING).select_from(Account)).where(
        Account.partner_id == partner_id, Account.account_id == account_id
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else _account(row)


async def stored_hash(session: AsyncSession, partner_id: UUID, account_id: UUID) -> str | None:
    """The hash of the account's password; None when it has none."""
    query = select(Account.password_hash).where(Account.partner_id == partner_id, Account.account_id == account_id)
    return (await session.execute(query)).scalar_one_or_none()


async def hold(session: AsyncSession, partner_id: UUID, account_id: UUID, stored: str | None) -> bool:
    """Whether the account is active and its password's hash is `stored`; until this transaction ends it stays so.

    None: it was proven in another way, and any password will do.

    What changes the account waits meanwhile and then ends the session that was begun, too.
    """
    query = select(Account.account_id).where(
        Account.partner_id == partner_id,
        Account.account_id == account_id,
        Account.status == "active",
    )
    if stored is not None:
        query = query.where(Account.password_hash == stored)
    return (await session.execute(query.with_for_update(read=True))).one_or_none() is not None


async def lock_with(session: AsyncSession, partner_id: UUID, account_id: UUID, stored: str) -> Account | None:
    """The active account whose password's hash is `stored`, locked against any change; None when it is that no more."""
    query = select(Account).where(
        Account.partner_id == partner_id,
        Account.account_id == account_id,
        Account.status == "active",
        Account.password_hash == stored,
    )
    return (await session.scalars(query.with_for_update())).one_or_none()


async def renew_hash(session: AsyncSession, partner_id: UUID, account_id: UUID, stored: str, renewed: str) -> None:
    """Replace the hash `stored` with another of the same password; a password given meanwhile stays."""
    await session.execute(
        update(Account)
        .where(Account.partner_id == partner_id, Account.account_id == account_id, Account.password_hash == stored)
        .values(password_hash=renewed)
    )


async def add_session(session: AsyncSession, values: dict[str, Any], life: timedelta, most: timedelta) -> datetime:
    """Its end: after `life`, and no later than `most` after the proof that it stands on."""
    end_at = func.clock_timestamp() + life
    if "proved_at" in values:
        end_at = func.least(end_at, literal(values["proved_at"] + most, DateTime(timezone=True)))
    made = insert(PortalSession).values(expires_at=end_at, **values)
    end: datetime = (await session.execute(made.returning(PortalSession.expires_at))).scalar_one()
    return end


async def session_of(
    session: AsyncSession, partner_id: UUID, host: str, token_hash: bytes, rest: timedelta
) -> FoundSession | None:
    """The session of this cookie on this host of this partner; None when it has ended or `rest` has passed.

    Sessions end with their host: one of before the host was taken away and given again is none.
    """
    instant = func.clock_timestamp()
    query = _of_sessions(instant).where(
        PortalSession.partner_id == partner_id,
        PortalSession.token_hash == token_hash,
        PortalSession.host == host,
        PortalSession.expires_at > instant,
        PortalSession.seen_at > instant - rest,
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    own = {name: getattr(row, name) for name in FoundSession.__struct_fields__ if name != "account"}
    return FoundSession(account=_account(row), **own)


def _of_sessions(instant: Any) -> Select[Any]:
    """Sessions that began after their host was given, with their accounts and whom these stand for."""
    own = PortalSession
    columns = (own.expires_at, own.seen_at, own.proved_at, own.acting_reason, instant.label("now"))
    vouched = (own.provider_id, own.vouched_at, own.sid_hash)
    of_account = (Account.partner_id == own.partner_id) & (Account.account_id == own.account_id)
    of_host = (
        (PortalHost.host == own.host)
        & (PortalHost.partner_id == own.partner_id)
        & (PortalHost.created_at <= own.created_at)
    )
    found = select(*_STANDING, *columns, *vouched).select_from(own).join(Account, of_account).join(PortalHost, of_host)
    return _of_account(found, func.coalesce(own.acting_tenant_id, Account.tenant_id))


async def touch_session(session: AsyncSession, partner_id: UUID, token_hash: bytes) -> None:
    await session.execute(
        update(PortalSession)
        .where(PortalSession.partner_id == partner_id, PortalSession.token_hash == token_hash)
        .values(seen_at=func.clock_timestamp())
    )


async def is_there(session: AsyncSession, partner_id: UUID, host: str, token_hash: bytes) -> bool:
    """Whether the session was not ended."""
    query = select(PortalSession.account_id).where(
        PortalSession.partner_id == partner_id, PortalSession.host == host, PortalSession.token_hash == token_hash
    )
    return (await session.execute(query)).one_or_none() is not None


async def end_session(session: AsyncSession, partner_id: UUID, host: str, token_hash: bytes) -> UUID | None:
    """The account whose session it was; None when there was none."""
    ended = delete(PortalSession).where(
        PortalSession.partner_id == partner_id, PortalSession.host == host, PortalSession.token_hash == token_hash
    )
    return (await session.execute(ended.returning(PortalSession.account_id))).scalar_one_or_none()


async def end_sessions(session: AsyncSession, partner_id: UUID, account_id: UUID) -> None:
    await session.execute(
        delete(PortalSession).where(PortalSession.partner_id == partner_id, PortalSession.account_id == account_id)
    )


async def drop_ended(session: AsyncSession, partner_id: UUID) -> None:
    """Rows of sessions whose end has passed, some at a time and none that somebody else drops just now."""
    ended = select(PortalSession.token_hash).where(
        PortalSession.partner_id == partner_id, PortalSession.expires_at < func.clock_timestamp()
    )
    dropped = ended.limit(_DROPPED_AT_ONCE).with_for_update(skip_locked=True)
    await session.execute(
        delete(PortalSession).where(PortalSession.partner_id == partner_id, PortalSession.token_hash.in_(dropped))
    )
