"""All SQL about API keys. Row-level security limits each query to the session's scope as well."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Database
from infra.pagination import Page
from tenants.identity.models import ApiKey


class FoundKey(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a key, read before any scope is known.

    `live`: neither revoked nor expired, and nobody that it stands for is disabled. `suspended`: its client is.
    """

    scope: str
    partner_id: UUID | None
    partner_slug: str | None
    client_id: UUID | None
    client_slug: str | None
    tenant_id: UUID | None
    environment: str | None
    name: str
    secret_hash: bytes
    permissions: list[str]
    networks: list[str] | None
    expires_at: datetime | None
    suspended: bool
    live: bool


async def look_up(database: Database, key_id: UUID) -> FoundKey | None:
    """Through the door `find_api_key`, which finds one key by its whole id and lists none."""
    async with database.doors() as connection:
        row = await connection.fetchrow("SELECT * FROM app.find_api_key($1)", key_id)
    return None if row is None else FoundKey(**row)


async def add(session: AsyncSession, values: dict[str, Any]) -> ApiKey:
    return (await session.scalars(insert(ApiKey).values(**values).returning(ApiKey))).one()


async def key(session: AsyncSession, key_id: UUID) -> ApiKey | None:
    return (await session.scalars(select(ApiKey).where(ApiKey.key_id == key_id))).one_or_none()


async def keys(
    session: AsyncSession,
    page: Page,
    *,
    scope: str | None,
    partner_id: UUID | None,
    tenants: list[UUID] | None,
) -> list[ApiKey]:
    query = select(ApiKey)
    if scope is not None:
        query = query.where(ApiKey.scope == scope)
    if partner_id is not None:
        query = query.where(ApiKey.partner_id == partner_id)
    if tenants is not None:
        query = query.where(ApiKey.tenant_id.in_(tenants))
    if page.after is not None:
        query = query.where(ApiKey.key_id < UUID(page.after))
    return list((await session.scalars(query.order_by(ApiKey.key_id.desc()).limit(page.limit + 1))).all())


async def lock(session: AsyncSession, key_id: UUID) -> ApiKey | None:
    """The key, held until the transaction ends, so that two changes follow each other."""
    query = select(ApiKey).where(ApiKey.key_id == key_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def lock_operator_keys(session: AsyncSession) -> list[UUID]:
    """The operator's live keys that never expire, held until the transaction ends."""
    query = select(ApiKey.key_id).where(
        ApiKey.scope == "operator", ApiKey.revoked_at.is_(None), ApiKey.expires_at.is_(None)
    )
    return list((await session.scalars(query.order_by(ApiKey.key_id).with_for_update())).all())


async def revoke(session: AsyncSession, key_id: UUID, at: datetime) -> None:
    await session.execute(update(ApiKey).where(ApiKey.key_id == key_id).values(revoked_at=at))


async def hand_over(session: AsyncSession, key_id: UUID, now: datetime, end: datetime) -> None:
    """The key has a successor since `now` and ends no later than `end`; one that ends earlier keeps its end."""
    # LEAST passes over a null, so that a key without an end gets this one.
    await session.execute(
        update(ApiKey)
        .where(ApiKey.key_id == key_id)
        .values(rotated_at=now, expires_at=func.least(ApiKey.expires_at, end))
    )


async def now(session: AsyncSession) -> datetime:
    """The database's clock: leases, timers and expiries are decided by it alone (F-04)."""
    instant: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return instant
