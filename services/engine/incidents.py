"""How often a connection was away lately, and for how long together: what its notices tell (ADR 0029)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, ids
from services.engine.outages import BACK

DAYS: Final = 30
# Notices that are kept for a shorter time leave their outages out.
_SUM: Final = """
SELECT count(*)::int AS outages, coalesce(sum(away.seconds), 0)::float8 AS seconds,
  coalesce(max(away.seconds), 0)::float8 AS longest, coalesce(sum(away.refused), 0)::bigint AS refused
FROM (
  SELECT extract(epoch FROM (n.body ->> 'until')::timestamptz
                 - greatest((n.body ->> 'since')::timestamptz, $4)) AS seconds,
    (n.body ->> 'calls_refused')::bigint AS refused
  FROM app.notice n WHERE n.tenant_id = $1 AND n.connection_id = $2 AND n.notice_id >= $3 AND n.kind = $5
  UNION ALL
  SELECT extract(epoch FROM clock_timestamp() - greatest(o.since, $4)), o.refused
  FROM app.outage o WHERE o.tenant_id = $1 AND o.connection_id = $2 AND o.ended_at IS NULL
) away
"""


class Incidents(msgspec.Struct, frozen=True, kw_only=True):
    """Outages of a connection that ended in the last `DAYS` days, and the one that lasts.

    Attributes:
        seconds: that they took together, of those days; `longest`: one of them.
        refused: calls that did not go out.
    """

    outages: int
    seconds: float
    longest: float
    refused: int

    @property
    def available(self) -> float:
        """Share of the days in which it was not away, 0 to 1."""
        return max(0.0, 1 - self.seconds / timedelta(days=DAYS).total_seconds())


async def read(transaction: Any, tenant: UUID, connection: UUID) -> Incidents:
    """Inside a transaction of the tenant (asyncpg)."""
    since = clock.now() - timedelta(days=DAYS)
    row = await transaction.fetchrow(_SUM, tenant, connection, ids.least_of(since), since, BACK)
    return Incidents(**row)
