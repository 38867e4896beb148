"""The audit of a client and of everybody above it, as it grows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from infra.database import Database, Scope

Row = tuple[str, str]


class Log:
    """Both tables of the audit, and what came to them since it was last looked at."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database = database
        self._scopes = {
            "audit": Scope.tenant(tenant),
            "organization_audit": Scope.operator(),
        }
        self._seen: set[Any] = set()

    async def new(self) -> list[Row]:
        """Actor and action of each, in their order."""
        found = []
        for table, scope in self._scopes.items():
            async with self._database.session(scope) as session:
                query = text(f"SELECT audit_id, actor, action FROM app.{table} ORDER BY audit_id")  # noqa: S608
                found += [tuple(row) for row in await session.execute(query)]
        fresh = [(actor, action) for audit_id, actor, action in found if audit_id not in self._seen]
        self._seen |= {audit_id for audit_id, _, _ in found}
        return fresh
