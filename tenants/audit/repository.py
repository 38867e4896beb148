from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from infra import ids
from infra.pagination import Page
from tenants.audit.log import Log, Wanted
from tenants.audit.models import AuditRecord, OrganizationAuditRecord
from tenants.audit.seal_models import AuditFloor, AuditLeaves, AuditRollback, AuditSeal

Row = Any
"""A row with the columns of an export: those of the model, `after` as the text that is stored."""


async def add(session: AsyncSession, tenant_id: UUID, entry: dict[str, Any]) -> None:
    await session.execute(insert(AuditRecord).values(tenant_id=tenant_id, audit_id=ids.new(), **entry))


async def add_above(session: AsyncSession, partner_id: UUID | None, entry: dict[str, Any]) -> None:
    await session.execute(insert(OrganizationAuditRecord).values(partner_id=partner_id, audit_id=ids.new(), **entry))


async def newest(session: AsyncSession, log: Log, page: Page, wanted: Wanted) -> list[Any]:
    """Newest first; one row more than the page holds."""
    row: Any = log.model
    query = select(row).where(*wanted.conditions(log)).options(undefer(row.veil))
    if page.after is not None:
        query = query.where(row.audit_id < UUID(page.after))
    return list((await session.scalars(query.order_by(row.audit_id.desc()).limit(page.limit + 1))).all())


def _columns(log: Log) -> Any:
    row: Any = log.model
    return select(
        row.audit_id,
        row.at,
        row.actor,
        row.action,
        row.target,
        cast(row.after, Text).label("after"),
        row.salt,
        row.veil,
    )


async def rows_behind(session: AsyncSession, log: Log, wanted: Wanted, behind: UUID, most: int) -> Sequence[Row]:
    """Oldest first."""
    row: Any = log.model
    query = _columns(log).where(*wanted.conditions(log), row.audit_id > behind).order_by(row.audit_id).limit(most)
    return (await session.execute(query)).mappings().all()


async def ids_behind(session: AsyncSession, log: Log, behind: UUID, most: int) -> list[UUID]:
    row: Any = log.model
    query = select(row.audit_id).where(log.owned(), row.audit_id > behind).order_by(row.audit_id).limit(most)
    return list((await session.scalars(query)).all())


async def rows_of(session: AsyncSession, log: Log, wanted: Sequence[UUID]) -> dict[UUID, Row]:
    """Those that are there."""
    if not wanted:
        return {}
    row: Any = log.model
    given = bindparam("wanted", list(wanted), type_=ARRAY(Uuid))
    query = _columns(log).where(
        log.owned(), row.audit_id == any_(given), row.audit_id >= min(wanted), row.audit_id <= max(wanted)
    )
    return {found["audit_id"]: found for found in (await session.execute(query)).mappings()}


async def sealed_among(session: AsyncSession, log: Log, low: UUID, high: UUID, last: int) -> set[UUID]:
    """Rows from `low` to `high` that batches up to `last` have, and some beside."""
    query = select(func.unnest(AuditLeaves.ids)).where(
        AuditLeaves.log_id == log.log_id,
        AuditLeaves.greatest_id >= low,
        AuditLeaves.least_id <= high,
        AuditLeaves.n <= last,
    )
    return set((await session.scalars(query)).all())


async def batches_of(session: AsyncSession, log: Log, wanted: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Batch and position of each row that has one."""
    given = select(func.unnest(bindparam("wanted", list(wanted), type_=ARRAY(Uuid))).label("id")).subquery()
    query = select(given.c.id, AuditLeaves.n, func.array_position(AuditLeaves.ids, given.c.id) - 1).join_from(
        given,
        AuditLeaves,
        (AuditLeaves.log_id == log.log_id)
        & (AuditLeaves.least_id <= given.c.id)
        & (AuditLeaves.greatest_id >= given.c.id)
        & (given.c.id == any_(AuditLeaves.ids)),
    )
    return {found: (n, place) for found, n, place in (await session.execute(query)).all()}


async def leaves_of(session: AsyncSession, log: Log, n: int) -> bytes:
    """Raises NoResultFound: the batch was dropped."""
    query = select(AuditLeaves.leaves).where(AuditLeaves.log_id == log.log_id, AuditLeaves.n == n)
    return (await session.scalars(query)).one()


async def seals_behind(
    session: AsyncSession, log: Log, behind: int, last: int, most: int
) -> list[tuple[AuditSeal, AuditLeaves | None]]:
    """Batches in their order, each with its rows where they were not dropped."""
    its = (AuditLeaves.log_id == AuditSeal.log_id) & (AuditLeaves.n == AuditSeal.n)
    query = (
        select(AuditSeal, AuditLeaves)
        .outerjoin(AuditLeaves, its)
        .where(AuditSeal.log_id == log.log_id, AuditSeal.n > behind, AuditSeal.n <= last)
        .order_by(AuditSeal.n)
        .limit(most)
    )
    return [(seal, leaves) for seal, leaves in (await session.execute(query)).all()]


async def heads_behind(session: AsyncSession, log: Log, behind: int, last: int, most: int) -> list[AuditSeal]:
    query = select(AuditSeal).where(AuditSeal.log_id == log.log_id, AuditSeal.n > behind, AuditSeal.n <= last)
    return list((await session.scalars(query.order_by(AuditSeal.n).limit(most))).all())


async def newest_seal(session: AsyncSession, log: Log) -> AuditSeal | None:
    query = select(AuditSeal).where(AuditSeal.log_id == log.log_id).order_by(AuditSeal.n.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def seal_at(session: AsyncSession, log: Log, n: int) -> AuditSeal | None:
    return await session.get(AuditSeal, (log.log_id, n))


async def newest_floor(session: AsyncSession, log: Log) -> tuple[AuditFloor, bytes] | None:
    """With the head of the batch that it names."""
    its = (AuditSeal.log_id == AuditFloor.log_id) & (AuditSeal.n == AuditFloor.n)
    query = select(AuditFloor, AuditSeal.head).join(AuditSeal, its).where(AuditFloor.log_id == log.log_id)
    found = (await session.execute(query.order_by(AuditFloor.n.desc()).limit(1))).one_or_none()
    return None if found is None else (found[0], found[1])


async def open_rollback(session: AsyncSession, log: Log) -> AuditRollback | None:
    query = select(AuditRollback).where(AuditRollback.log_id == log.log_id, AuditRollback.accepted_at.is_(None))
    return (await session.scalars(query.order_by(AuditRollback.found_at).limit(1))).one_or_none()
