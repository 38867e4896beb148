from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from tenants.audit import service
from tenants.audit.models import AuditRecord


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done, and by whom. Records are never changed or deleted."""

    id: str
    at: Instant
    actor: Annotated[str, Meta(description="`key:<id>`, or the part of the system that acted.")]
    action: Annotated[str, Meta(examples=["connection.created"])]
    target: Annotated[str, Meta(description="Id of what it was done to.")]
    after: Annotated[Any, Meta(description="What it became; never a secret or a payload.")]


class AuditList(msgspec.Struct, frozen=True):
    items: list[AuditView]
    next: NextCursor


@get(tenant_paths("/audit"), summary="List audit records", tags=["audit"])
async def list_audit(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    action: Annotated[
        str | None, QueryParameter(description="Only this action.", required=False, max_length=200)
    ] = None,
    target: Annotated[
        str | None, QueryParameter(description="Only this target.", required=False, max_length=200)
    ] = None,
) -> AuditList:
    """Newest first."""
    async with request.transaction() as session:
        rows, last = await service.history(
            session, request.tenant.tenant_id, request.page(limit, cursor), action=action, target=target
        )
    return AuditList([view(row) for row in rows], request.cursor(last))


def view(row: AuditRecord) -> AuditView:
    return AuditView(
        id=ids.show("aud", row.audit_id),
        at=row.at,
        actor=row.actor,
        action=row.action,
        target=row.target,
        after=row.after,
    )


HANDLERS: Final = (list_audit,)
