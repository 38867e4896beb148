"""All SQL on endpoints for the control plane. Sessions are of the tenant's scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from services.inbound.tables import HookRow, HookSecret, RequestRow


class Latest(msgspec.Struct, frozen=True):
    """The newest request of an endpoint: when it came, what became of it, and by what it was refused."""

    received_at: datetime
    state: str
    problem: str | None


async def add(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """False when the tenant has an endpoint of this name."""
    statement = insert(HookRow).values(**values).on_conflict_do_nothing().returning(HookRow.hook_id)
    return await session.scalar(statement) is not None


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    query = select(func.count()).where(HookRow.tenant_id == tenant_id, HookRow.status != "deleted")
    return await session.scalar(query) or 0


async def find(session: AsyncSession, tenant_id: UUID, hook_id: UUID, *, lock: bool = False) -> HookRow | None:
    """One that is not deleted; with `lock` held until the transaction ends."""
    query = select(HookRow).where(
        HookRow.tenant_id == tenant_id, HookRow.hook_id == hook_id, HookRow.status != "deleted"
    )
    query = query.with_for_update() if lock else query
    return await session.scalar(query.execution_options(populate_existing=True))


async def hooks(
    session: AsyncSession, tenant_id: UUID, page: Page, *, connection_id: UUID | None, status: str | None
) -> list[HookRow]:
    """Newest first; one row more than the page holds."""
    query = select(HookRow).where(HookRow.tenant_id == tenant_id, HookRow.status != "deleted")
    if connection_id is not None:
        query = query.where(HookRow.connection_id == connection_id)
    if status is not None:
        query = query.where(HookRow.status == status)
    if page.after is not None:
        query = query.where(HookRow.hook_id < UUID(page.after))
    return list((await session.scalars(query.order_by(HookRow.hook_id.desc()).limit(page.limit + 1))).all())


async def latest(session: AsyncSession, tenant_id: UUID, hook_ids: Collection[UUID]) -> dict[UUID, Latest]:
    """What each of these endpoints received last; one that received nothing is left out."""
    newest = (
        select(RequestRow.received_at, RequestRow.state, RequestRow.problem)
        .where(RequestRow.tenant_id == tenant_id, RequestRow.hook_id == HookRow.hook_id)
        .order_by(RequestRow.request_id.desc())
        .limit(1)
        .lateral()
    )
    query = select(HookRow.hook_id, newest.c.received_at, newest.c.state, newest.c.problem).where(
        HookRow.tenant_id == tenant_id, HookRow.hook_id.in_(sorted(hook_ids))
    )
    return {row[0]: Latest(*row[1:]) for row in await session.execute(query)}


async def touch(session: AsyncSession, row: HookRow) -> None:
    row.updated_at = func.clock_timestamp()
    await session.flush()
    await session.refresh(row)


async def secrets(session: AsyncSession, tenant_id: UUID, hook_ids: Collection[UUID]) -> list[HookSecret]:
    """What is known of the secrets that are good now, without their values: the newest first."""
    query = select(HookSecret).where(
        HookSecret.tenant_id == tenant_id,
        HookSecret.hook_id.in_(sorted(hook_ids)),
        (HookSecret.ends_at.is_(None)) | (HookSecret.ends_at > func.clock_timestamp()),
    )
    found = await session.scalars(query.order_by(HookSecret.version.desc()).execution_options(populate_existing=True))
    return list(found.all())


async def newest_version(session: AsyncSession, tenant_id: UUID, hook_id: UUID) -> int:
    query = select(func.max(HookSecret.version)).where(HookSecret.tenant_id == tenant_id, HookSecret.hook_id == hook_id)
    return await session.scalar(query) or 0


async def put_secret(session: AsyncSession, values: Mapping[str, Any], overlap: timedelta) -> None:
    """Store a new secret. The one before it is good for `overlap` more; those before that are gone."""
    earlier = (HookSecret.tenant_id == values["tenant_id"], HookSecret.hook_id == values["hook_id"])
    await session.execute(delete(HookSecret).where(*earlier, HookSecret.version < values["version"] - 1))
    if overlap:
        ends = func.clock_timestamp() + overlap
        await session.execute(update(HookSecret).where(*earlier).values(ends_at=ends))
    else:
        await session.execute(delete(HookSecret).where(*earlier))
    await session.execute(insert(HookSecret).values(**values))


async def drop_secrets(session: AsyncSession, tenant_id: UUID, hook_id: UUID) -> None:
    await session.execute(delete(HookSecret).where(HookSecret.tenant_id == tenant_id, HookSecret.hook_id == hook_id))
