"""Events that are to become records, as rows (`app.translation`): written with the event, removed with what followed.

`connection` (asyncpg) is in a transaction of the tenant, which the caller commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.records import contradictions
from services.records.contradictions import Contradiction

MOST: Final = 50
"""Events of one tenant that one round takes."""
_DUE: Final = """
SELECT t.event_id, t.mapping, t.tries, r.version, r.record, r.system, e.content::text AS content, e.received_at, e.depth
FROM app.translation t
LEFT JOIN LATERAL (
  SELECT x.version, x.record, x.system FROM app.event_route x
  WHERE x.tenant_id = t.tenant_id AND x.mapping = t.mapping LIMIT 1) r ON true
LEFT JOIN app.event e ON e.tenant_id = t.tenant_id AND e.event_id = t.event_id
WHERE t.tenant_id = $1 AND t.problem IS NULL ORDER BY t.event_id, t.mapping LIMIT $2
"""


class Waiting(msgspec.Struct, frozen=True):
    """One of them. `version` None: its mapping takes nothing now; `content` None: the event is not kept any more."""

    event_id: UUID
    mapping: str
    tries: int
    version: int | None
    record: str | None
    system: str | None
    content: str | None
    received_at: datetime | None
    depth: int | None


async def due(connection: Any, tenant: TenantId) -> list[Waiting]:
    """The oldest, in the order in which they came."""
    return [Waiting(**row) for row in await connection.fetch(_DUE, tenant, MOST)]


async def document(connection: Any, tenant: TenantId, name: str, version: int) -> str:
    """The mapping as it is done, in JSON; it never changes under its version."""
    found: str = await connection.fetchval(
        "SELECT whole::text FROM app.mapping WHERE tenant_id = $1 AND name = $2 AND version = $3", tenant, name, version
    )
    return found


async def remove(connection: Any, tenant: TenantId, one: Waiting) -> bool:
    """It is done, and with it what was told of it. False: somebody else has taken it meanwhile."""
    gone = await connection.fetchrow(
        "DELETE FROM app.translation WHERE tenant_id = $1 AND event_id = $2 AND mapping = $3 RETURNING mark",
        tenant,
        one.event_id,
        one.mapping,
    )
    if gone is not None:
        await _settle(connection, tenant, gone["mark"])
    return gone is not None


async def refuse(connection: Any, tenant: TenantId, one: Waiting, found: Contradiction, detail: str) -> bool:
    """It waits for its mapping's next release, as `found` tells. False: somebody else has taken it meanwhile."""
    before = await connection.fetchrow(
        "UPDATE app.translation t SET problem = $4, detail = left($5, 2000), mark = $6 "
        "FROM (SELECT x.mark FROM app.translation x WHERE x.tenant_id = $1 AND x.event_id = $2 AND x.mapping = $3 "
        "FOR UPDATE) b WHERE t.tenant_id = $1 AND t.event_id = $2 AND t.mapping = $3 RETURNING b.mark",
        tenant,
        one.event_id,
        one.mapping,
        found.cause,
        detail,
        found.mark,
    )
    if before is not None and before["mark"] != found.mark:
        await _settle(connection, tenant, before["mark"])
    return before is not None


async def _settle(connection: Any, tenant: TenantId, mark: str | None) -> None:
    """What told of an event is over with the last event that it told of."""
    if mark is not None and not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM app.translation WHERE tenant_id = $1 AND mark = $2)", tenant, mark
    ):
        await contradictions.settle_mark(connection, tenant, mark)


async def again(connection: Any, tenant: TenantId, problem: str) -> None:
    """What waits for this reason is tried anew: what was missing may have come."""
    await connection.execute(
        "UPDATE app.translation SET problem = NULL, detail = NULL, tries = 0, due_at = clock_timestamp() "
        "WHERE tenant_id = $1 AND problem = $2",
        tenant,
        problem,
    )


async def put_off(connection: Any, tenant: TenantId, one: Waiting) -> None:
    """It failed for no reason of its own."""
    await connection.execute(
        "UPDATE app.translation SET tries = tries + 1 WHERE tenant_id = $1 AND event_id = $2 AND mapping = $3",
        tenant,
        one.event_id,
        one.mapping,
    )
