"""All SQL about invitations, and about who stands for newcomers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page
from tenants.identity.people_models import IdentityProvider, Invitation
from tenants.identity.sessions import Place


async def add(session: AsyncSession, values: dict[str, Any], life: timedelta, at_latest: datetime | None) -> Invitation:
    """It waits for `life`, and until `at_latest` where that is sooner."""
    # LEAST passes over a null.
    end = func.least(func.clock_timestamp() + life, at_latest)
    made = insert(Invitation).values(invitation_id=ids.new(), expires_at=end, **values)
    return (await session.scalars(made.returning(Invitation))).one()


async def find(
    session: AsyncSession, partner_id: UUID, invitation_id: UUID, *, lock: bool = False
) -> Invitation | None:
    """`lock`: until the transaction ends nobody changes it."""
    query = select(Invitation).where(Invitation.partner_id == partner_id, Invitation.invitation_id == invitation_id)
    return (await session.scalars(query.with_for_update() if lock else query)).one_or_none()


async def of_partner(session: AsyncSession, partner_id: UUID, page: Page) -> list[Invitation]:
    """Within the scope, newest first; one more than the page holds."""
    query = select(Invitation).where(Invitation.partner_id == partner_id)
    if page.after is not None:
        query = query.where(Invitation.invitation_id < UUID(page.after))
    return list((await session.scalars(query.order_by(Invitation.invitation_id.desc()).limit(page.limit + 1))).all())


async def end(session: AsyncSession, found: Invitation) -> bool:
    """Whether it was still waiting."""
    ended = (
        update(Invitation)
        .where(_is(found), Invitation.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
        .returning(Invitation.invitation_id)
    )
    return (await session.execute(ended)).scalar_one_or_none() is not None


async def end_of(session: AsyncSession, inviter: str) -> list[UUID]:
    """Those of this inviter within the scope that still waited."""
    ended = (
        update(Invitation)
        .where(Invitation.inviter == inviter, Invitation.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
        .returning(Invitation.invitation_id)
    )
    return sorted((await session.scalars(ended)).all())


async def leave_newcomers(session: AsyncSession, voucher: str) -> list[UUID]:
    """The providers within the scope for whose newcomers this one stood; from now on nobody does."""
    left = (
        update(IdentityProvider)
        .where(IdentityProvider.vouched_by == voucher)
        .values(vouched_by=None)
        .returning(IdentityProvider.provider_id)
    )
    return sorted((await session.scalars(left)).all())


async def open_(session: AsyncSession, place: Place, token: bytes, opener: bytes) -> Invitation | None:
    """The invitation of this text at `place`, from now on this browser's to accept."""
    instant = func.clock_timestamp()
    opened = (
        update(Invitation)
        .where(_waits_at(place), Invitation.token_hash == token, Invitation.expires_at > instant)
        .values(opener_hash=opener, opened_at=instant)
    )
    return (await session.scalars(opened.returning(Invitation))).one_or_none()


async def opened(session: AsyncSession, place: Place, opener: bytes, within: timedelta) -> Invitation | None:
    query = select(Invitation).where(
        _waits_at(place),
        Invitation.opener_hash == opener,
        Invitation.opened_at > func.clock_timestamp() - within,
    )
    return (await session.scalars(query)).one_or_none()


async def accept(session: AsyncSession, found: Invitation, account_id: UUID, opener: bytes, within: timedelta) -> bool:
    """Whether it is this browser's and nobody accepted it before."""
    accepted = (
        update(Invitation)
        .where(
            _is(found),
            Invitation.ended_at.is_(None),
            Invitation.opener_hash == opener,
            Invitation.opened_at > func.clock_timestamp() - within,
        )
        .values(ended_at=func.clock_timestamp(), account_id=account_id)
        .returning(Invitation.invitation_id)
    )
    return (await session.execute(accepted)).scalar_one_or_none() is not None


def _is(found: Invitation) -> ColumnElement[bool]:
    return (Invitation.partner_id == found.partner_id) & (Invitation.invitation_id == found.invitation_id)


def _waits_at(place: Place) -> ColumnElement[bool]:
    return (Invitation.partner_id == place.partner_id) & (Invitation.host == place.host) & Invitation.ended_at.is_(None)
