"""Rules of time zones that this process has otherwise than whoever computed the open deadlines, as after an update."""

from __future__ import annotations

from infra.database import Database
from infra.ids import TenantId
from services.deadlines import changing
from tenants.calendars import reading
from tenants.calendars.errors import UnknownCalendar
from tenants.calendars.zones import rules_of


async def find_changes(database: Database) -> int:
    """Have those deadlines computed anew; answers of how many calendars. Safe to repeat, by each worker that starts."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.deadline_zones()")
    found = 0
    for row in rows:
        tenant = TenantId(row["tenant_id"])
        async with database.tenant(tenant) as transaction:
            try:
                calendar = await reading.calendar(transaction, tenant, name=row["calendar"])
            except UnknownCalendar:
                continue
            if rules_of(calendar.definition.time_zone) not in {"", row["zone_mark"]}:
                await changing.recompute(transaction, tenant, row["calendar"])
                found += 1
    return found
