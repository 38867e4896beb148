"""Signing secrets of endpoints, as a tenant's key holds them: sealed to its next version, they stay what they are."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from services.webhooks.endpoints import FIELD
from services.webhooks.tables import SecretRow
from tenants.connections.rotation import Held

_READ: Final = """
SELECT s.endpoint_id AS thing, s.version, s.key_version, s.sealed, k.wrapped, t.environment, i.installation_id
FROM app.webhook_secret s JOIN app.tenant t USING (tenant_id) CROSS JOIN app.installation i
JOIN app.tenant_key k ON k.tenant_id = s.tenant_id AND k.version = s.key_version
WHERE s.tenant_id = $1 AND s.key_version < $2 ORDER BY s.endpoint_id, s.version
"""


async def _put(session: AsyncSession, tenant_id: UUID, row: Any, key_version: int, sealed: bytes) -> bool:
    statement = (
        update(SecretRow)
        .where(SecretRow.tenant_id == tenant_id, SecretRow.endpoint_id == row["thing"])
        .where(SecretRow.version == row["version"], SecretRow.key_version == row["key_version"])
        .values(key_version=key_version, sealed=sealed)
    )
    found = await session.execute(statement.returning(SecretRow.version))
    return found.first() is not None


SECRETS: Final = Held(read=_READ, put=_put, field=lambda _: FIELD)
