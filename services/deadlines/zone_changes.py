"""Rules of time zones that this process has otherwise than whoever computed the open deadlines, as after an update."""

from __future__ import annotations

from typing import Any

from infra.database import Database, surviving
from infra.ids import TenantId
from services.deadlines import changing
from tenants.calendars import reading
from tenants.calendars.zones import rules_of


async def find_changes(database: Database) -> int:
    """Have those deadlines computed anew; answers of how many calendars. Safe to repeat, by each worker that starts."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.deadline_zones()")
    return sum([await _is_changed(database, row) for row in rows])


async def _is_changed(database: Database, row: Any) -> bool:
    """Asks for them to be computed anew. A calendar whose zone this machine has not keeps no other from that."""
    tenant = TenantId(row["tenant_id"])
    with surviving("comparing the rules of a time zone"):
        async with database.tenant(tenant) as transaction:
            calendar = await reading.calendar(transaction, tenant, name=row["calendar"])
            if rules_of(calendar.definition.time_zone) not in {"", row["zone_mark"]}:
                await changing.recompute(transaction, tenant, row["calendar"])
                return True
    return False
