"""Domains that a partner claims, proves and gives back (ADR 0050). A session is of the partner's scope; it commits."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.organizations.branding import Use
from tenants.organizations.domain_names import check_domain
from tenants.organizations.errors import DomainClaimed, TooManyClaims, UnknownDomain
from tenants.organizations.models import DomainClaim

MOST: Final = 50
"""Open claims of one partner."""
_TOKEN_BYTES: Final = 32


async def claim(  # noqa: PLR0913 (the scope, the thing, and who asks)
    session: AsyncSession, partner_id: UUID, domain: str, use: Use, *, own: Collection[str], actor: str
) -> DomainClaim:
    """A claim that waits for its proof. It blocks nobody: others may claim the same name, and one will prove it.

    Raises:
        InvalidField, HostTaken: nobody may claim this name, see `check_domain`.
        DomainClaimed: the partner has an open claim of it.
        TooManyClaims: it has as many as it may.
    """
    name = check_domain(domain, own)
    await _hold_room(session, partner_id, name)
    claim_id = ids.new()
    made = DomainClaim(
        partner_id=partner_id,
        claim_id=claim_id,
        domain=name,
        use=use,
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        target=secrets.token_hex(13),
        state="pending",
        made_by=actor,
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    await audit.record(
        session,
        actor=actor,
        action="domain.claimed",
        target=name,
        after={"claim": ids.show("dom", claim_id), "use": use},
        partner_id=partner_id,
    )
    return made


async def _hold_room(session: AsyncSession, partner_id: UUID, name: str) -> None:
    """For one more claim, of this name, until the transaction ends: of two requests at once one counts the other."""
    mine = (DomainClaim.partner_id == partner_id) & (DomainClaim.state != "released")
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 24))"), {"who": str(partner_id)})
    if await session.scalar(select(DomainClaim.claim_id).where(mine, DomainClaim.domain == name)) is not None:
        raise DomainClaimed
    if (await session.scalar(select(func.count()).where(mine)) or 0) >= MOST:
        raise TooManyClaims(f"A partner has at most {MOST} domains; give back one that is not needed")


async def find(session: AsyncSession, partner_id: UUID, domain: str) -> DomainClaim:
    """The partner's open claim of this name, else its newest one.

    Raises:
        UnknownDomain: the partner never claimed it; another's is no different.
    """
    query = select(DomainClaim).where(DomainClaim.partner_id == partner_id, DomainClaim.domain == domain)
    query = query.order_by(DomainClaim.state == "released", DomainClaim.claim_id.desc())
    found = await session.scalar(query.limit(1).execution_options(populate_existing=True))
    if found is None:
        raise UnknownDomain
    return found


async def listed(session: AsyncSession, partner_id: UUID, page: Page) -> tuple[list[DomainClaim], str | None]:
    """Newest first, and the position of the next page."""
    query = select(DomainClaim).where(DomainClaim.partner_id == partner_id)
    if page.after is not None:
        query = query.where(DomainClaim.claim_id < UUID(page.after))
    rows = await session.scalars(query.order_by(DomainClaim.claim_id.desc()).limit(page.limit + 1))
    return cut(list(rows), page, lambda row: str(row.claim_id))


async def release(session: AsyncSession, partner_id: UUID, domain: str, *, actor: str) -> DomainClaim:
    """Give the name back; within 5 s it is nobody's. Safe to repeat.

    Raises:
        UnknownDomain: the partner never claimed it.
    """
    found = await find(session, partner_id, domain)
    statement = text("SELECT app.release_domain(:partner, :claim, :actor)")
    await session.execute(statement, {"partner": partner_id, "claim": found.claim_id, "actor": actor})
    await session.refresh(found)
    return found
