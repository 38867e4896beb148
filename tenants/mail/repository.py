"""All SQL about mail that the API's role speaks. Row-level security limits each query to the scope."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from tenants.mail.models import Mail, MailSetting, MailSuppression


async def add(session: AsyncSession, values: dict[str, Any]) -> None:
    # Nothing is read back: what is in there is not this role's to read.
    await session.execute(insert(Mail).values(**values).inline())


async def listed(session: AsyncSession, partner_id: UUID, page: Page) -> list[Mail]:
    """Within the scope, newest first; one more than the page holds."""
    query = select(Mail).where(Mail.partner_id == partner_id)
    if page.after is not None:
        query = query.where(Mail.mail_id < UUID(page.after))
    return list((await session.scalars(query.order_by(Mail.mail_id.desc()).limit(page.limit + 1))).all())


async def suppressed(session: AsyncSession, partner_id: UUID, page: Page) -> list[MailSuppression]:
    """Within the scope, newest first; one more than the page holds."""
    query = select(MailSuppression).where(MailSuppression.partner_id == partner_id)
    if page.after is not None:
        query = query.where(MailSuppression.suppression_id < UUID(page.after))
    ordered = query.order_by(MailSuppression.suppression_id.desc()).limit(page.limit + 1)
    return list((await session.scalars(ordered)).all())


async def find_suppression(session: AsyncSession, partner_id: UUID, suppression_id: UUID) -> MailSuppression | None:
    query = select(MailSuppression).where(
        MailSuppression.partner_id == partner_id, MailSuppression.suppression_id == suppression_id
    )
    return (await session.scalars(query)).one_or_none()


async def lift(session: AsyncSession, found: MailSuppression) -> bool:
    """Whether it was still there."""
    gone = (
        delete(MailSuppression)
        .where(MailSuppression.partner_id == found.partner_id, MailSuppression.suppression_id == found.suppression_id)
        .returning(MailSuppression.suppression_id)
    )
    return (await session.execute(gone)).scalar_one_or_none() is not None


async def put_setting(session: AsyncSession, partner_id: UUID, changes: dict[str, Any]) -> None:
    made = upsert(MailSetting).values(partner_id=partner_id, **changes)
    await session.execute(made.on_conflict_do_update(index_elements=["partner_id"], set_=changes))


async def setting(session: AsyncSession, partner_id: UUID) -> MailSetting | None:
    return await session.get(MailSetting, partner_id)
