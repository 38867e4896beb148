from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page
from tenants.audit.models import AuditRecord, OrganizationAuditRecord


async def add(session: AsyncSession, tenant_id: UUID, entry: dict[str, Any]) -> None:
    await session.execute(insert(AuditRecord).values(tenant_id=tenant_id, audit_id=ids.new(), **entry))


async def add_above(session: AsyncSession, partner_id: UUID | None, entry: dict[str, Any]) -> None:
    await session.execute(insert(OrganizationAuditRecord).values(partner_id=partner_id, audit_id=ids.new(), **entry))


async def of_tenant(
    session: AsyncSession, tenant_id: UUID, page: Page, *, action: str | None, target: str | None
) -> list[AuditRecord]:
    """Newest first; one row more than the page holds."""
    query = select(AuditRecord).where(AuditRecord.tenant_id == tenant_id)
    if action is not None:
        query = query.where(AuditRecord.action == action)
    if target is not None:
        query = query.where(AuditRecord.target == target)
    if page.after is not None:
        query = query.where(AuditRecord.audit_id < UUID(page.after))
    return list((await session.scalars(query.order_by(AuditRecord.audit_id.desc()).limit(page.limit + 1))).all())
