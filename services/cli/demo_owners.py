"""Who answers for what at the demo's clients: roles, so that nothing there is nobody's. What somebody changed stays."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from infra import ids
from infra.database import Database, Scope
from tenants.deployments import ownership
from tenants.deployments.ownership import Seat
from tenants.deployments.subjects import DOMAINS, ENTITIES

OWNER: Final = "clerk"
"""A role, which the demo's person holds."""
_DEPUTY: Final = "role:administrator"


async def name_all(database: Database, tenant_id: UUID, erp: UUID, *, actor: str) -> None:
    """Every seat of the tenant that is free."""
    wanted = [Seat("architecture"), Seat("integration", ids.show("con", erp))]
    wanted += [Seat("process", domain) for domain in DOMAINS] + [Seat("data", entity) for entity in ENTITIES]
    async with database.session(Scope.tenant(tenant_id)) as session:
        taken = {Seat(one.row.kind, one.row.subject) for one in await ownership.listed(session, tenant_id)}  # type: ignore[arg-type]  # the table's check constraint holds it to these
        for seat in wanted:
            if seat not in taken:
                await ownership.name(session, tenant_id, seat, f"role:{OWNER}", _DEPUTY, actor=actor)
        await session.commit()
