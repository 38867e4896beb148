"""All SQL about providers, who their subjects are, and sign-ins that are under way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from infra.pagination import Page
from tenants.identity.models import PortalSession
from tenants.identity.people_models import AccountIdentity, IdentityProvider, SignInFlow


async def add_provider(session: AsyncSession, values: dict[str, Any]) -> IdentityProvider:
    made = insert(IdentityProvider).values(**values).returning(IdentityProvider)
    return (await session.scalars(made)).one()


async def provider(
    session: AsyncSession, partner_id: UUID, provider_id: UUID, *, with_secret: bool = False, lock: bool = False
) -> IdentityProvider | None:
    """`lock`: until the transaction ends nobody changes it."""
    query = select(IdentityProvider).where(
        IdentityProvider.partner_id == partner_id, IdentityProvider.provider_id == provider_id
    )
    if with_secret:
        query = query.options(undefer(IdentityProvider.secret))
    return (await session.scalars(query.with_for_update() if lock else query)).first()


async def providers(session: AsyncSession, partner_id: UUID, page: Page | None = None) -> list[IdentityProvider]:
    """Within the scope, oldest first. `page`: one more than it holds; None: all."""
    query = select(IdentityProvider).where(IdentityProvider.partner_id == partner_id)
    if page is not None and page.after is not None:
        query = query.where(IdentityProvider.provider_id > UUID(page.after))
    query = query.order_by(IdentityProvider.provider_id)
    return list((await session.scalars(query if page is None else query.limit(page.limit + 1))).all())


async def providers_of(session: AsyncSession, partner_id: UUID, account_id: UUID) -> list[IdentityProvider]:
    """Those that know the account, oldest first."""
    known = select(AccountIdentity.provider_id).where(
        AccountIdentity.partner_id == partner_id, AccountIdentity.account_id == account_id
    )
    query = select(IdentityProvider).where(
        IdentityProvider.partner_id == partner_id, IdentityProvider.provider_id.in_(known)
    )
    return list((await session.scalars(query.order_by(IdentityProvider.provider_id))).all())


async def set_status(session: AsyncSession, found: IdentityProvider, status: str) -> None:
    await session.execute(
        update(IdentityProvider)
        .where(IdentityProvider.partner_id == found.partner_id, IdentityProvider.provider_id == found.provider_id)
        .values(status=status)
    )


async def set_voucher(session: AsyncSession, found: IdentityProvider, voucher: str) -> None:
    await session.execute(
        update(IdentityProvider)
        .where(IdentityProvider.partner_id == found.partner_id, IdentityProvider.provider_id == found.provider_id)
        .values(vouched_by=voucher)
    )


async def end_sessions(session: AsyncSession, found: IdentityProvider) -> tuple[int, int]:
    """End every session of whoever the provider vouches for: how many, of how many people."""
    linked = select(AccountIdentity.account_id).where(
        AccountIdentity.partner_id == found.partner_id, AccountIdentity.provider_id == found.provider_id
    )
    ended = delete(PortalSession).where(
        PortalSession.partner_id == found.partner_id, PortalSession.account_id.in_(linked)
    )
    whose = (await session.scalars(ended.returning(PortalSession.account_id))).all()
    return len(whose), len(set(whose))


async def set_provisions(session: AsyncSession, found: IdentityProvider) -> None:
    """It is the one in its scope that provisions."""
    there = (IdentityProvider.partner_id == found.partner_id) & IdentityProvider.tenant_id.is_not_distinct_from(
        found.tenant_id
    )
    await session.execute(update(IdentityProvider).where(there, IdentityProvider.provisions).values(provisions=False))
    this = there & (IdentityProvider.provider_id == found.provider_id)
    await session.execute(update(IdentityProvider).where(this).values(provisions=True))


async def provisioning(session: AsyncSession, partner_id: UUID, tenant_id: UUID | None) -> IdentityProvider | None:
    """Whose directory says who the people of this scope are."""
    query = select(IdentityProvider).where(
        IdentityProvider.partner_id == partner_id,
        IdentityProvider.tenant_id.is_not_distinct_from(tenant_id),
        IdentityProvider.provisions,
    )
    return (await session.scalars(query)).one_or_none()


async def account_of(session: AsyncSession, partner_id: UUID, provider_id: UUID, subject: str) -> UUID | None:
    query = select(AccountIdentity.account_id).where(
        AccountIdentity.partner_id == partner_id,
        AccountIdentity.provider_id == provider_id,
        AccountIdentity.subject == subject,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def link(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Whether the subject is that account from now on; False when it is somebody already."""
    made = insert(AccountIdentity).values(**values).on_conflict_do_nothing().returning(AccountIdentity.account_id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def add_flow(session: AsyncSession, values: dict[str, Any], life: timedelta) -> None:
    over = (SignInFlow.partner_id == values["partner_id"]) & (SignInFlow.expires_at < func.clock_timestamp())
    await session.execute(delete(SignInFlow).where(over))
    await session.execute(insert(SignInFlow).values(expires_at=func.clock_timestamp() + life, **values))


async def take_flow(
    session: AsyncSession, partner_id: UUID, host: str, provider_id: UUID, state_hash: bytes
) -> SignInFlow | None:
    """The sign-in of this state, which counts no more from now on."""
    taken = delete(SignInFlow).where(
        SignInFlow.partner_id == partner_id,
        SignInFlow.state_hash == state_hash,
        SignInFlow.host == host,
        SignInFlow.provider_id == provider_id,
        SignInFlow.expires_at > func.clock_timestamp(),
    )
    return (await session.scalars(taken.returning(SignInFlow))).one_or_none()
