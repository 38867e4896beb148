"""All SQL about matrices. Row-level security limits each query to the tenant; versions are written once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from tenants.authority.matrices import Matrix
from tenants.authority.models import AuthorityMatrix
from tenants.authority.rows import HeldRow

_IN_FORCE: Final = """
SELECT version, holds_from, set_by, set_at FROM app.authority_matrix
WHERE tenant_id = $1 AND holds_from <= coalesce($2, clock_timestamp()) AND set_at <= coalesce($2, clock_timestamp())
ORDER BY version DESC LIMIT 1
"""
_ROWS: Final = "SELECT rows::text AS rows FROM app.authority_matrix WHERE tenant_id = $1 AND version = $2"
_MOST: Final = 500
_READY: OrderedDict[tuple[UUID, int, datetime], Matrix] = OrderedDict()
"""Versions never change, so that what was read once is kept."""


# Behind the version that was in force then, up to the one that is now; what was dropped before it held, too: whoever
# saved the next one may have kept its rows.
_CHANGED_BY: Final = """
SELECT DISTINCT set_by FROM app.authority_matrix WHERE tenant_id = $1 AND version <= $2 AND version > coalesce((
  SELECT max(version) FROM app.authority_matrix WHERE tenant_id = $1 AND version <= $2 AND holds_from <= $3), 0)
ORDER BY set_by
"""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One that is to be written."""

    version: int
    rows: Sequence[HeldRow]
    holds_from: datetime
    set_by: str


async def load(connection: Any, tenant: UUID, *, at: datetime | None = None) -> Matrix | None:
    """The matrix in force now, or `at` a moment before; `connection` is asyncpg's, in a transaction of the tenant."""
    row = await connection.fetchrow(_IN_FORCE, tenant, at)
    if row is None:
        return None
    key = (tenant, row["version"], row["set_at"])
    found = _READY.get(key)
    if found is None:
        text = await connection.fetchval(_ROWS, tenant, row["version"])
        found = _READY[key] = Matrix(**row, rows=msgspec.json.decode(text, type=tuple[HeldRow, ...]))
        if len(_READY) > _MOST:
            _READY.popitem(last=False)
    return found


async def changed_by(connection: Any, tenant: UUID, version: int, asked_at: datetime) -> list[str]:
    """Actors who have changed the matrix since `asked_at`, up to `version`."""
    return [row["set_by"] for row in await connection.fetch(_CHANGED_BY, tenant, version, asked_at)]


async def in_force(session: AsyncSession, tenant_id: UUID) -> Matrix | None:
    """As `load`, by a session: the newest version whose moment has come. A later one takes the place of all before."""
    query = select(AuthorityMatrix).where(
        AuthorityMatrix.tenant_id == tenant_id, AuthorityMatrix.holds_from <= func.clock_timestamp()
    )
    return await _first(session, query)


async def newest(session: AsyncSession, tenant_id: UUID) -> Matrix | None:
    """What was said last, in force or planned."""
    return await _first(session, select(AuthorityMatrix).where(AuthorityMatrix.tenant_id == tenant_id))


async def version_of(session: AsyncSession, tenant_id: UUID, version: int) -> Matrix | None:
    query = select(AuthorityMatrix).where(AuthorityMatrix.tenant_id == tenant_id, AuthorityMatrix.version == version)
    return await _first(session, query)


async def versions(session: AsyncSession, tenant_id: UUID, page: Page) -> list[Matrix]:
    """The newest first; one more than the page holds."""
    query = select(AuthorityMatrix).where(AuthorityMatrix.tenant_id == tenant_id)
    if page.after is not None:
        query = query.where(AuthorityMatrix.version < int(page.after))
    found = await session.scalars(query.order_by(AuthorityMatrix.version.desc()).limit(page.limit + 1))
    return [_matrix(one) for one in found]


async def add(session: AsyncSession, tenant_id: UUID, new: Version) -> Matrix:
    """The caller holds the tenant's turn, so that no other has this version."""
    row = AuthorityMatrix(
        tenant_id=tenant_id,
        version=new.version,
        rows=msgspec.to_builtins(list(new.rows)),
        holds_from=new.holds_from,
        set_by=new.set_by,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return _matrix(row)


async def now(session: AsyncSession) -> datetime:
    """By the clock that decides what is in force."""
    moment: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return moment


async def _first(session: AsyncSession, query: Any) -> Matrix | None:
    row = (await session.scalars(query.order_by(AuthorityMatrix.version.desc()).limit(1))).one_or_none()
    return None if row is None else _matrix(row)


def _matrix(row: AuthorityMatrix) -> Matrix:
    return Matrix(
        version=row.version,
        rows=msgspec.convert(row.rows, tuple[HeldRow, ...]),
        holds_from=row.holds_from,
        set_by=row.set_by,
        set_at=row.set_at,
    )
