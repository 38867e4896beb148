"""The people of a client whom work can be given to. In a transaction of the tenant."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from infra.pagination import Page

_COLLEAGUES: Final = """
SELECT a.account_id, a.name, b.until AS away_until, b.substitute, r.roles,
  (SELECT count(*) FROM app.human_task t
   WHERE t.tenant_id = $1 AND t.assignee = a.account_id AND t.closed_at IS NULL) AS in_hand
FROM app.account a
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(r.slug ORDER BY r.slug), '{}') AS roles FROM app.account_role g
  JOIN app.role r ON r.role_id = g.role_id AND r.status = 'active' AND r.level = 'client'
  WHERE g.partner_id = a.partner_id AND g.account_id = a.account_id) r
LEFT JOIN app.absence b ON b.tenant_id = $1 AND b.account_id = a.account_id AND b.since <= clock_timestamp()
  AND clock_timestamp() < b.until
WHERE a.tenant_id = $1 AND a.status = 'active' AND ($2::uuid IS NULL OR a.account_id > $2)
  AND ($3::text IS NULL OR $3 = ANY (r.roles))
ORDER BY a.account_id LIMIT $4
"""


async def listed(connection: Any, tenant: UUID, page: Page, role: str | None) -> list[Any]:
    """Active accounts of the client with their roles, whether they are away now, and how many tasks they have.

    One row more than the page holds. `role`: of its holders alone.
    """
    after = None if page.after is None else UUID(page.after)
    return list(await connection.fetch(_COLLEAGUES, tenant, after, role, page.limit + 1))
