"""Refused attempts, in the log of whom they were aimed at: each once a minute, so that nobody can flood it (S-87)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar.types import Scope as AsgiScope

from infra import clock
from infra.database import Database
from infra.database import Scope as Rows
from infra.problems import Forbidden, Unauthorized
from services.api.call import TenantOfCall, scope_of
from tenants.audit import service as audit
from tenants.identity.principal import Principal

QUIET_SECONDS: Final = 60.0
_MOST: Final = 10_000

Attempt = tuple[str, UUID | None, str, str]
"""Who, tenant aimed at, method and route, reason."""


class Denials:
    """Which attempts of this process are to be recorded. The access log has every one."""

    def __init__(self) -> None:
        self._seen: dict[Attempt, tuple[float, int]] = {}

    def count(self, attempt: Attempt) -> int | None:
        """How many like it were left out since the last record; None: leave this one out too."""
        now = clock.monotonic()
        until, left_out = self._seen.get(attempt, (0.0, 0))
        if now < until:
            self._seen[attempt] = (until, left_out + 1)
            return None
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen[attempt] = (now + QUIET_SECONDS, 0)
        return left_out


async def record_denied(error: Exception, scope: AsgiScope) -> None:
    """Writes a refused attempt of somebody known down, in a transaction of its own.

    They may not (403), or did not prove once more who they are (401).
    """
    state = scope.get("state", {})
    principal: Principal | None = state.get("principal")
    if not isinstance(error, (Forbidden, Unauthorized)) or principal is None:
        return
    tenant: TenantOfCall | None = state.get("tenant")
    rows = scope_of(principal) if tenant is None else Rows.tenant(tenant.tenant_id)
    target = f"{scope['method']} {scope['path_template']}"  # type: ignore[typeddict-item]
    known: Any = scope["litestar_app"].state
    left_out = known.denials.count((principal.actor, rows.tenant_id, target, error.name))
    if left_out is None:
        return
    after = {"reason": error.name, "detail": error.detail, "request_id": state.get("request_id")}
    if left_out:
        after["not_recorded_before"] = left_out
    database: Database = known.resources.database
    async with database.session(rows) as session:
        await audit.record(session, actor=principal.actor, action="access.denied", target=target, after=after)
        await session.commit()
