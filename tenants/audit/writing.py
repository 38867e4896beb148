"""The one way into a tenant's audit from a transaction of the data plane; sessions go by `tenants.audit.service`."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_ADD: Final = """
INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING true
"""


async def write(  # noqa: PLR0913 (the members of a record)
    connection: Any,
    tenant: UUID,
    *,
    actor: str,
    action: str,
    target: str,
    after: dict[str, Any] | None = None,
    audit_id: UUID | None = None,
) -> bool:
    """Add a record in the transaction of `connection` (asyncpg), which is open for `tenant`.

    Members are as `service.record` has them. `audit_id` names the record where the same thing may be told again: it is
    written once. Answers whether it was written now.
    """
    return bool(
        await connection.fetchval(
            _ADD,
            tenant,
            audit_id or ids.new(),
            actor,
            action,
            target,
            None if after is None else _ENCODER.encode(after).decode(),
        )
    )
