"""Cases of evidence, a page at a time. `connection` (asyncpg) is of the tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.ids import TenantId
from infra.pagination import Page, cut

_LIST: Final = """
SELECT case_id, key, about_kind, about_key, reason, opened_by, opened_at FROM app.evidence_case
WHERE tenant_id = $1 AND ($2::uuid IS NULL OR case_id < $2) AND ($4::text IS NULL OR about_kind = $4)
  AND ($5::text IS NULL OR about_key = $5)
ORDER BY case_id DESC LIMIT $3
"""


class Listed(msgspec.Struct, frozen=True):
    """One of a list, without what is there of it."""

    case_id: UUID
    key: str
    about_kind: str
    about_key: str
    reason: str
    opened_by: str
    opened_at: datetime


async def listed(
    connection: Any, tenant: TenantId, page: Page, kind: str | None, key: str | None
) -> tuple[list[Listed], str | None]:
    """Newest first, and the position of the next page."""
    after = None if page.after is None else UUID(page.after)
    rows = await connection.fetch(_LIST, tenant, after, page.limit + 1, kind, key)
    return cut([Listed(*row.values()) for row in rows], page, lambda one: str(one.case_id))
