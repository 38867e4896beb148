"""What became of entities, line by line (ADR 0072). Every function runs in a transaction of the tenant's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from services.records.keys import Key
from services.records.tables import ChangeRow

What = Literal["created", "linked", "unlinked", "merged", "split"]


class Change(msgspec.Struct, frozen=True):
    """One line. `other` was merged into `entity_id`, or split from it; the keys went along."""

    what: What
    entity_id: UUID
    by: str
    other: UUID | None = None
    keys: Sequence[Key] = ()
    reason: str | None = None


class Line(msgspec.Struct, frozen=True):
    """A line as it is read."""

    what: What
    entity_id: UUID
    other: UUID | None
    keys: tuple[Key, ...]
    reason: str | None
    by: str
    at: datetime


async def write(session: AsyncSession, tenant_id: UUID, change: Change) -> None:
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "change_id": ids.new(),
        "entity_id": change.entity_id,
        "what": change.what,
        "other_id": change.other,
        "keys": [[one.system, one.id] for one in change.keys],
        "reason": change.reason,
        "by": change.by,
    }
    await session.execute(insert(ChangeRow).values(**values))


async def read(session: AsyncSession, tenant_id: UUID, entity_id: UUID, page: Page) -> tuple[list[Line], str | None]:
    """What an entity was in, newest first, and the position of the next page."""
    concerned = or_(ChangeRow.entity_id == entity_id, ChangeRow.other_id == entity_id)
    query = select(ChangeRow).where(ChangeRow.tenant_id == tenant_id, concerned)
    if page.after is not None:
        query = query.where(ChangeRow.change_id < UUID(page.after))
    rows = await session.scalars(query.order_by(ChangeRow.change_id.desc()).limit(page.limit + 1))
    shown, position = cut(list(rows), page, lambda row: str(row.change_id))
    return [_line(row) for row in shown], position


def _line(row: ChangeRow) -> Line:
    what: What = row.what  # type: ignore[assignment]  # the table's check constraint
    return Line(what, row.entity_id, row.other_id, tuple(Key(*one) for one in row.keys), row.reason, row.by, row.at)
