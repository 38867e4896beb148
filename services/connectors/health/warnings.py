"""Tells a connection's owner, once, that what signs its calls ends soon and that nobody but a person renews it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.engine import notices

DAYS: Final = 14
"""Before the end. What lives no longer than that is told of as soon as it is seen."""
_TAKE: Final = """
UPDATE app.connection_health SET warned_of = ends_at
WHERE tenant_id = $1 AND connection_id = $2 AND NOT renews AND ends_at <= clock_timestamp() + make_interval(days => $3)
  AND warned_of IS DISTINCT FROM ends_at RETURNING ends_at, ends
"""


async def warn(transaction: Any, tenant: UUID, connection: UUID) -> None:
    """In the transaction that noted the end; asyncpg's, in the tenant's scope. Another end is told anew."""
    row = await transaction.fetchrow(_TAKE, tenant, connection, DAYS)
    if row is not None:
        told = {"until": notices.moment(row["ends_at"]), "what": row["ends"]}
        await notices.tell(transaction, tenant, "connection.ending", connection, told)
