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


class Standing(msgspec.Struct, frozen=True):
    """`roles`: ids of live ones."""

    account: UUID
    email: str
    roles: frozenset[UUID]


async def of(connection: Any, tenant: UUID, accounts: Collection[UUID]) -> dict[UUID, Standing]:
    """Those of `accounts` that are of the tenant and may sign in; `connection` is asyncpg's, open for the tenant."""
    rows = await connection.fetch(_STANDING, tenant, list(accounts))
    return {row["account_id"]: Standing(row["account_id"], row["email"], frozenset(row["roles"])) for row in rows}
