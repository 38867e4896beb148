"""All SQL about pages of people. Row-level security limits each query to the scope."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from tenants.identity.models import Account


async def accounts(session: AsyncSession, partner_id: UUID, tenant_id: UUID | None, page: Page) -> list[Account]:
    """By address and, where two have one, by id; of one tenant where one is named. One more than the page holds."""
    query = select(Account).where(Account.partner_id == partner_id)
    if tenant_id is not None:
        query = query.where(Account.tenant_id == tenant_id)
    if page.after is not None:
        email, _, last = page.after.rpartition(" ")
        query = query.where(tuple_(Account.email, Account.account_id) > tuple_(literal(email), literal(UUID(last))))
    return list((await session.scalars(query.order_by(Account.email, Account.account_id).limit(page.limit + 1))).all())


async def is_colleague(session: AsyncSession, partner_id: UUID, email: str) -> bool:
    """Whether the address is of somebody of the partner's own. The session is of the partner's scope."""
    query = select(Account.account_id).where(
        Account.partner_id == partner_id, Account.tenant_id.is_(None), Account.email == email
    )
    return (await session.execute(query.limit(1))).first() is not None


def position(found: Account) -> str:
    """In the order of `accounts`."""
    return f"{found.email} {found.account_id}"
