"""All SQL about people whom a directory provisions. Row-level security limits each query to the scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity.models import Account
from tenants.identity.people_models import AccountIdentity, AccountRole, IdentityProvider, ProvisionedAccount

Row = tuple[ProvisionedAccount, Account]
_COLUMNS: Final[dict[str, Any]] = {
    "user_name": ProvisionedAccount.user_key,
    "subject": ProvisionedAccount.subject,
    "id": Account.account_id,
    "email": Account.email,
    "name": func.lower(Account.name),
    "active": Account.status,
}


async def people(
    session: AsyncSession, provider: IdentityProvider, wanted: Mapping[str, Any], begin: int, most: int
) -> tuple[list[Row], int]:
    """Those of whom all of `wanted` is so, by age, from place `begin` (0 is the first) on; and how many there are."""
    query = _of(provider).where(*(_COLUMNS[name] == value for name, value in wanted.items()))
    total = (await session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    if not most:
        return [], total
    page = query.order_by(ProvisionedAccount.account_id).offset(begin).limit(most)
    return [(row[0], row[1]) for row in await session.execute(page)], total


async def by_ids(session: AsyncSession, provider: IdentityProvider, wanted: Collection[UUID]) -> list[Row]:
    query = _of(provider).where(ProvisionedAccount.account_id.in_(wanted)).order_by(ProvisionedAccount.account_id)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def members(
    session: AsyncSession, provider: IdentityProvider, roles: Collection[UUID]
) -> dict[UUID, list[tuple[UUID, str]]]:
    """Of each role, id and name of the provisioned people who have it, by age."""
    query = (
        _of(provider)
        .join(
            AccountRole,
            (AccountRole.partner_id == Account.partner_id) & (AccountRole.account_id == Account.account_id),
        )
        .where(AccountRole.role_id.in_(roles))
        .order_by(Account.account_id)
        .with_only_columns(AccountRole.role_id, Account.account_id, Account.name)
    )
    found: dict[UUID, list[tuple[UUID, str]]] = {one: [] for one in roles}
    for role_id, account_id, name in await session.execute(query):
        found[role_id].append((account_id, name))
    return found


async def linked(session: AsyncSession, provider: IdentityProvider, subject: str) -> Account | None:
    """Whom the provider's subject is here already."""
    query = (
        select(Account)
        .join(
            AccountIdentity,
            (AccountIdentity.partner_id == Account.partner_id) & (AccountIdentity.account_id == Account.account_id),
        )
        .where(
            AccountIdentity.partner_id == provider.partner_id,
            AccountIdentity.provider_id == provider.provider_id,
            AccountIdentity.subject == subject,
        )
    )
    return (await session.scalars(query)).one_or_none()


async def add(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Whether the account is provisioned from now on; False: the name, the subject or the account is so already."""
    made = insert(ProvisionedAccount).values(**values).on_conflict_do_nothing().returning(ProvisionedAccount.account_id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def change(session: AsyncSession, found: ProvisionedAccount, changes: Mapping[str, Any]) -> bool:
    """Whether nobody else has the name or the subject that it is to have; on False the transaction is over."""
    others = {name: value for name, value in changes.items() if name != "subject"}
    try:
        if "subject" in changes:
            mine = (
                (AccountIdentity.partner_id == found.partner_id)
                & (AccountIdentity.provider_id == found.provider_id)
                & (AccountIdentity.subject == found.subject)
            )
            await session.execute(update(AccountIdentity).where(mine).values(subject=changes["subject"]))
        await session.execute(
            update(ProvisionedAccount).where(_is(found)).values(changed_at=func.clock_timestamp(), **others)
        )
    except IntegrityError:
        return False
    return True


async def drop(session: AsyncSession, found: ProvisionedAccount) -> None:
    await session.execute(delete(ProvisionedAccount).where(_is(found)))


def _of(provider: IdentityProvider) -> Select[ProvisionedAccount, Account]:
    joined = (ProvisionedAccount.partner_id == Account.partner_id) & (
        ProvisionedAccount.account_id == Account.account_id
    )
    return (
        select(ProvisionedAccount, Account)
        .join(Account, joined)
        .where(
            ProvisionedAccount.partner_id == provider.partner_id,
            ProvisionedAccount.provider_id == provider.provider_id,
            Account.tenant_id.is_not_distinct_from(provider.tenant_id),
        )
    )


def _is(found: ProvisionedAccount) -> ColumnElement[bool]:
    return (ProvisionedAccount.partner_id == found.partner_id) & (ProvisionedAccount.account_id == found.account_id)
