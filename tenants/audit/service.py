"""Records what was done, in the transaction that does it: both are stored or neither (house, section `audit`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Scope
from infra.pagination import Page, cut
from tenants.audit import repository
from tenants.audit.errors import WrongScopeError
from tenants.audit.log import ALL, Log, Wanted
from tenants.audit.models import AuditRecord, OrganizationAuditRecord


async def record(  # noqa: PLR0913 (the members of a record)
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    target: str,
    after: dict[str, Any] | None = None,
    partner_id: UUID | None = None,
) -> None:
    """Add a record to the log that the session's scope points at: the tenant's own, else the organization's.

    `actor` comes from the credential and never from the request (S-87), such as `key:key_01…`; `action` is
    `thing.verb` in the past, such as `client.created`; `target` the id of what it was done to; `after` what it became,
    without secrets or payload. `partner_id` is whom it concerns where the operator acts.

    Raises:
        WrongScopeError: the session has no scope, or `partner_id` is another partner's.
    """
    scope = session.info.get("scope")
    if not isinstance(scope, Scope):
        raise WrongScopeError("an audit record needs a session of a scope")
    entry = {"actor": actor, "action": action, "target": target, "after": after}
    if scope.tenant_id is not None:
        await repository.add(session, scope.tenant_id, entry)
        return
    if scope.partner_id is not None and partner_id not in {None, scope.partner_id}:
        raise WrongScopeError("an audit record of another partner")
    await repository.add_above(session, scope.partner_id or partner_id, entry)


async def history(
    session: AsyncSession, log: Log, page: Page, wanted: Wanted = ALL
) -> tuple[list[AuditRecord | OrganizationAuditRecord], str | None]:
    """The records of a log that are wanted, newest first, and the position of the next page."""
    rows = await repository.newest(session, log, page, wanted)
    return cut(rows, page, lambda row: str(row.audit_id))
