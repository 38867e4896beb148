"""All SQL about accounts and their sessions. Row-level security limits each query to the scope."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.identity.models import Account, PortalSession
from tenants.organizations.models import Client, Partner, PortalHost, Tenant

_DROPPED_AT_ONCE: Final = 100


class FoundAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account with whom it stands for. `live`: nobody of them is disabled."""

    partner_id: UUID
    partner_slug: str
    client_id: UUID
    client_slug: str
    client_name: str
    tenant_id: UUID
    environment: str
    account_id: UUID
    email: str
    name: str
    permissions: list[str]
    live: bool


class FoundSession(msgspec.Struct, frozen=True, kw_only=True):
    account: FoundAccount
    expires_at: datetime
    seen_at: datetime
    now: datetime


_STANDING = (
    Account.partner_id,
    Partner.slug.label("partner_slug"),
    Client.client_id,
    Client.slug.label("client_slug"),
    Client.name.label("client_name"),
    Account.tenant_id,
    Tenant.environment,
    Account.account_id,
    Account.email,
    Account.name,
    Account.permissions,
    ((Account.status == "active") & (Client.status == "active") & (Partner.status == "active")).label("live"),
)


def _of_account(query: Any) -> Select[Any]:
    joined: Select[Any] = (
        query.join(Partner, Partner.partner_id == Account.partner_id)
        .join(Tenant, (Tenant.partner_id == Account.partner_id) & (Tenant.tenant_id == Account.tenant_id))
        .join(Client, (Client.partner_id == Tenant.partner_id) & (Client.client_id == Tenant.client_id))
    )
    return joined


def _account(row: Row[Any]) -> FoundAccount:
    return FoundAccount(**{name: getattr(row, name) for name in FoundAccount.__struct_fields__})


async def add_account(session: AsyncSession, values: dict[str, Any]) -> Account | None:
    """The new account, None when the partner has one of that address."""
    made = insert(Account).values(account_id=ids.new(), **values).on_conflict_do_nothing().returning(Account)
    return (await session.scalars(made)).one_or_none()


async def account(
    session: AsyncSession, partner_id: UUID, *, account_id: UUID | None = None, email: str | None = None
) -> Account | None:
    query = select(Account).where(
        Account.partner_id == partner_id,
        Account.account_id == account_id if account_id is not None else Account.email == email,
    )
    return (await session.scalars(query)).one_or_none()


async def accounts(session: AsyncSession, partner_id: UUID) -> list[Account]:
    query = select(Account).where(Account.partner_id == partner_id).order_by(Account.email)
    return list((await session.scalars(query)).all())


async def set_account(session: AsyncSession, found: Account, changes: dict[str, Any]) -> None:
    await session.execute(
        update(Account)
        .where(Account.partner_id == found.partner_id, Account.account_id == found.account_id)
        .values(**changes)
    )


async def with_password(session: AsyncSession, partner_id: UUID, email: str) -> tuple[FoundAccount, str] | None:
    """The account of this address and the hash of its password."""
    query = _of_account(select(*_STANDING, Account.password_hash).select_from(Account)).where(
        Account.partner_id == partner_id, Account.email == email
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (_account(row), row.password_hash)


async def hold(session: AsyncSession, partner_id: UUID, account_id: UUID, stored: str) -> bool:
    """Whether the account is active and its password's hash is `stored`; until this transaction ends it stays so.

    What changes the account waits meanwhile and then ends the session that was begun, too.
    """
    query = select(Account.account_id).where(
        Account.partner_id == partner_id,
        Account.account_id == account_id,
        Account.password_hash == stored,
        Account.status == "active",
    )
    return (await session.execute(query.with_for_update(read=True))).one_or_none() is not None


async def renew_hash(session: AsyncSession, partner_id: UUID, account_id: UUID, stored: str, renewed: str) -> None:
    """Replace the hash `stored` with another of the same password; a password given meanwhile stays."""
    await session.execute(
        update(Account)
        .where(Account.partner_id == partner_id, Account.account_id == account_id, Account.password_hash == stored)
        .values(password_hash=renewed)
    )


async def add_session(session: AsyncSession, values: dict[str, Any], life: timedelta) -> datetime:
    """Its end."""
    made = insert(PortalSession).values(expires_at=func.clock_timestamp() + life, **values)
    end: datetime = (await session.execute(made.returning(PortalSession.expires_at))).scalar_one()
    return end


async def session_of(
    session: AsyncSession, partner_id: UUID, host: str, token_hash: bytes, rest: timedelta
) -> FoundSession | None:
    """The session of this cookie on this host of this partner; None when it has ended or `rest` has passed.

    Sessions end with their host: one of before the host was taken away and given again is none.
    """
    instant = func.clock_timestamp()
    columns = (*_STANDING, PortalSession.expires_at, PortalSession.seen_at, instant.label("now"))
    query = _of_account(
        select(*columns)
        .select_from(PortalSession)
        .join(
            Account,
            (Account.partner_id == PortalSession.partner_id) & (Account.account_id == PortalSession.account_id),
        )
        .join(
            PortalHost,
            (PortalHost.host == PortalSession.host)
            & (PortalHost.partner_id == PortalSession.partner_id)
            & (PortalHost.created_at <= PortalSession.created_at),
        )
    ).where(
        PortalSession.partner_id == partner_id,
        PortalSession.token_hash == token_hash,
        PortalSession.host == host,
        PortalSession.expires_at > instant,
        PortalSession.seen_at > instant - rest,
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return FoundSession(account=_account(row), expires_at=row.expires_at, seen_at=row.seen_at, now=row.now)


async def touch_session(session: AsyncSession, partner_id: UUID, token_hash: bytes) -> None:
    await session.execute(
        update(PortalSession)
        .where(PortalSession.partner_id == partner_id, PortalSession.token_hash == token_hash)
        .values(seen_at=func.clock_timestamp())
    )


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
