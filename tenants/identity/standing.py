"""What accounts are and hold at this moment, in a transaction of the data plane."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import msgspec

_STANDING: Final = """
SELECT a.account_id, a.email, coalesce(array_agg(r.role_id) FILTER (WHERE r.status = 'active'), '{}') AS roles
FROM app.account a
LEFT JOIN app.account_role g ON g.partner_id = a.partner_id AND g.account_id = a.account_id
LEFT JOIN app.role r ON r.role_id = g.role_id
WHERE a.tenant_id = $1 AND a.status = 'active' AND a.account_id = ANY($2::uuid[])
GROUP BY a.account_id, a.email
"""


# A key goes back to whoever made it, through keys that made keys; nobody makes more than a few.
_BEHIND: Final = """
WITH RECURSIVE made AS (
  SELECT k.made_by, 1 AS depth FROM app.api_key k WHERE k.key_id = $1
  UNION ALL
  SELECT k.made_by, m.depth + 1 FROM made m JOIN app.api_key k ON m.depth < 100 AND m.made_by LIKE 'key:%'
    AND k.key_id = app.read_id(substr(m.made_by, 5)))
SELECT made_by FROM made ORDER BY depth DESC LIMIT 1
"""


class Standing(msgspec.Struct, frozen=True):
    """`roles`: ids of live ones."""

    account: UUID
    email: str
    roles: frozenset[UUID]


async def of(connection: Any, tenant: UUID, accounts: Collection[UUID]) -> dict[UUID, Standing]:
    """Those of `accounts` that are of the tenant and may sign in; `connection` is asyncpg's, open for the tenant."""
    rows = await connection.fetch(_STANDING, tenant, list(accounts))
    return {row["account_id"]: Standing(row["account_id"], row["email"], frozenset(row["roles"])) for row in rows}


async def maker(connection: Any, key: UUID) -> str | None:
    """Who made the key, or the key that made it: an actor of the audit. None: nobody here knows the key.

    One that an operator's command made, and one whose chain leads above the tenant, answers as far as it is seen.
    """
    rows = await connection.fetch(_BEHIND, key)
    return str(rows[0]["made_by"] or "") if rows else None
