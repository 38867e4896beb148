"""Which systems know a record, as whoever chooses among connections asks (ADR 0083)."""

from __future__ import annotations

from typing import Any, Final

from infra.ids import TenantId

_KNOWING: Final = """
SELECT DISTINCT e.entity_id, o.system FROM app.entity_key e
JOIN app.entity_key o ON o.tenant_id = e.tenant_id AND o.entity_id = e.entity_id
WHERE e.tenant_id = $1 AND e.kind = $2 AND e.id = $3 AND ($4::text IS NULL OR e.system = $4)
"""


class Ambiguous(Exception):
    """Several records have this id, each in a system of its own: say in which."""


async def knowing(connection: Any, tenant: TenantId, kind: str, key: str, system: str | None) -> frozenset[str]:
    """The systems that know the record with the id `key` in `system`, or in whichever; none: nobody does.

    `connection` (asyncpg) is in a transaction of the tenant. Raises Ambiguous.
    """
    rows = await connection.fetch(_KNOWING, tenant, kind, key, system)
    if len({row["entity_id"] for row in rows}) > 1:
        raise Ambiguous
    return frozenset(row["system"] for row in rows)
