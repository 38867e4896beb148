"""A partner's clients at a glance: from numbers that the sweep keeps, never from what the clients hold (ADR 0041)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page, cut
from tenants.organizations.models import Client, FleetRow, Tenant

Line = Row[FleetRow, Tenant, Client]


async def list_fleet(
    session: AsyncSession, partner_id: UUID | None, page: Page, *, environment: str | None, needs_somebody: bool
) -> tuple[list[Line], str | None]:
    """Environments in the order of their ids, and the position of the next page. `partner_id` None: of all partners.

    `needs_somebody`: only those with an open exception or a connection that is away.
    """
    query = _narrowed(select(FleetRow, Tenant, Client), partner_id, environment)
    if needs_somebody:
        query = query.where((FleetRow.exceptions > 0) | (FleetRow.outages > 0))
    if page.after is not None:
        query = query.where(FleetRow.tenant_id > UUID(page.after))
    rows = list((await session.execute(query.order_by(FleetRow.tenant_id).limit(page.limit + 1))).all())
    return cut(rows, page, lambda row: str(row[0].tenant_id))


async def totals(session: AsyncSession, partner_id: UUID | None, *, environment: str | None) -> dict[str, int]:
    """Of all that the partner has: environments, open, suspended and faulted runs, exceptions, outages."""
    counted = (
        func.count().label("environments"),
        func.coalesce(func.sum(FleetRow.open_runs), 0).label("open_runs"),
        func.coalesce(func.sum(FleetRow.suspended_runs), 0).label("suspended_runs"),
        func.coalesce(func.sum(FleetRow.faulted_runs), 0).label("faulted_runs"),
        func.coalesce(func.sum(FleetRow.exceptions), 0).label("exceptions"),
        func.coalesce(func.sum(FleetRow.outages), 0).label("outages"),
    )
    found = await session.execute(_narrowed(select(*counted).select_from(FleetRow), partner_id, environment))
    return {name: int(value) for name, value in found.mappings().one().items()}


def _narrowed(query: Any, partner_id: UUID | None, environment: str | None) -> Select[Any]:
    narrowed: Select[Any] = query.join(Tenant, Tenant.tenant_id == FleetRow.tenant_id).join(
        Client, (Client.partner_id == Tenant.partner_id) & (Client.client_id == Tenant.client_id)
    )
    if partner_id is not None:
        narrowed = narrowed.where(FleetRow.partner_id == partner_id)
    if environment is not None:
        narrowed = narrowed.where(Tenant.environment == environment)
    return narrowed
