"""All SQL about what providers tell of sessions that ended there. Row-level security limits each query to the scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity.live_session import Vouch
from tenants.identity.models import Account, PortalSession, ProviderLogout


async def add(session: AsyncSession, values: dict[str, Any], kept: timedelta) -> bool:
    """Whether this is told for the first time; what is older than `kept` is forgotten."""
    old = ProviderLogout.heard_at < func.clock_timestamp() - kept
    await session.execute(delete(ProviderLogout).where(ProviderLogout.partner_id == values["partner_id"], old))
    made = insert(ProviderLogout).values(**values).on_conflict_do_nothing().returning(ProviderLogout.provider_id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def accounts_of(session: AsyncSession, partner_id: UUID, provider_id: UUID, sid_hash: bytes) -> Sequence[UUID]:
    """Whose sessions stand on this session of the provider's."""
    query = select(PortalSession.account_id).where(
        PortalSession.partner_id == partner_id,
        PortalSession.provider_id == provider_id,
        PortalSession.sid_hash == sid_hash,
    )
    return (await session.scalars(query.distinct())).all()


async def is_told(session: AsyncSession, partner_id: UUID, account_id: UUID, vouch: Vouch) -> bool:
    """Whether the provider told that what it vouched for is over."""
    is_it: ColumnElement[bool] = (ProviderLogout.account_id == account_id) & (ProviderLogout.issued_at >= vouch.at)
    if vouch.sid_hash is not None:
        is_it = or_(is_it & ProviderLogout.sid_hash.is_(None), ProviderLogout.sid_hash == vouch.sid_hash)
    query = select(ProviderLogout.token_hash).where(
        ProviderLogout.partner_id == partner_id, ProviderLogout.provider_id == vouch.provider_id, is_it
    )
    return (await session.execute(query.limit(1))).first() is not None


async def end(session: AsyncSession, account: Account, told: Vouch) -> int:
    """How many sessions of the account ended: those of `told.sid_hash` and those of none, or all by the provider.

    What the provider vouched for after `told.at` goes on: a token may come late.
    """
    is_it: ColumnElement[bool] = PortalSession.vouched_at <= told.at
    if told.sid_hash is not None:
        is_it = or_(is_it & PortalSession.sid_hash.is_(None), PortalSession.sid_hash == told.sid_hash)
    ended = delete(PortalSession).where(
        PortalSession.partner_id == account.partner_id,
        PortalSession.account_id == account.account_id,
        PortalSession.provider_id == told.provider_id,
        is_it,
    )
    return len((await session.execute(ended.returning(PortalSession.token_hash))).all())
