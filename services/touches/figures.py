"""What was done by hand, counted by step or by entity: of a period, whatever became of the runs (ADR 0105).

`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from infra import ids
from infra.ids import TenantId

By = Literal["step", "entity"]
MOST: Final = 500
_OF: Final = """, count(*) FILTER (WHERE t.source <> 'external_estimate') AS touches,
  count(DISTINCT t.account_id) AS people, count(DISTINCT t.key) AS entities,
  count(t.seconds_active) AS measured, coalesce(sum(t.seconds_active), 0)::bigint AS seconds_measured,
  count(t.seconds_estimated) AS estimated, coalesce(sum(t.seconds_estimated), 0)::bigint AS seconds_estimated
FROM app.touch t
WHERE t.tenant_id = $1 AND t.touch_id >= $2 AND t.touch_id < $3 AND ($4::text IS NULL OR t.kind = $4)
  AND ($5::text IS NULL OR t.step = $5)
GROUP BY 1, 2, 3 ORDER BY touches DESC, seconds_measured DESC, 1, 2, 3 LIMIT $6
"""
_BY_STEP: Final = "SELECT t.kind, NULL::text AS key, t.step AS step"
_BY_ENTITY: Final = "SELECT t.kind, t.key AS key, NULL::text AS step"
_STATEMENTS: Final[dict[By, str]] = {"step": _BY_STEP + _OF, "entity": _BY_ENTITY + _OF}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kind of entity and step, or of one entity.

    Attributes:
        touches: acts of people; what somebody typed as an estimate is counted in `estimated` alone.
        entities: of how many entities; of one entity 1.
    """

    kind: str
    key: str | None
    step: str | None
    touches: int
    people: int
    entities: int
    measured: int
    seconds_measured: int
    estimated: int
    seconds_estimated: int


async def read(  # noqa: PLR0913 (what of, and from when to when)
    connection: Any,
    tenant: TenantId,
    by: By,
    since: datetime,
    until: datetime,
    *,
    kind: str | None,
    step: str | None,
) -> list[Figure]:
    """What most was done for first, `MOST` at most. Ids carry the moment, so that the period is a range of the key."""
    given = (tenant, ids.least_of(since), ids.least_of(until), kind, step, MOST)
    return [Figure(**row) for row in await connection.fetch(_STATEMENTS[by], *given)]
