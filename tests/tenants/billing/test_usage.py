from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from tenants.billing import service
from tenants.billing.errors import BadPeriod
from tenants.billing.repository import Filters
from tests.world import World, make_tenant

LINES = [
    ("run", 1, datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)),
    ("run", 1, datetime(2026, 2, 1, tzinfo=UTC)),
    ("call", 3, datetime(2026, 2, 1, 12, tzinfo=UTC)),
    ("call", 2, datetime(2026, 2, 1, 23, 59, 59, tzinfo=UTC)),
]


async def consume(database: Database, tenant_id: UUID) -> None:
    async with database.tenant(tenant_id) as connection:
        for kind, quantity, at in LINES:
            await connection.execute(
                "INSERT INTO app.usage (tenant_id, run_id, seq, kind, quantity, at) VALUES ($1, $2, 0, $3, $4, $5)",
                tenant_id,
                ids.new(),
                kind,
                quantity,
                at,
            )


async def read(
    database: Database, world: World, page: Page, kind: str | None = None
) -> tuple[list[tuple[date, str, int]], str | None]:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        filters = Filters(date(2026, 1, 1), date(2026, 2, 28), kind)
        return await service.usage(session, world.tenant_id, page, filters)


async def test_usage_is_summed_by_day_and_kind_and_paged(app_database: Database) -> None:
    world, other = await make_tenant(app_database, "acme"), await make_tenant(app_database, "other")
    for one in (world, other):
        await consume(app_database, one.tenant_id)
    whole = [(date(2026, 2, 1), "run", 1), (date(2026, 2, 1), "call", 5), (date(2026, 1, 31), "run", 1)]
    assert await read(app_database, world, Page(10)) == (whole, None)
    first, more = await read(app_database, world, Page(2))
    assert (first, more) == (whole[:2], "2026-02-01 call")
    assert await read(app_database, world, Page(2, more)) == (whole[2:], None)
    assert await read(app_database, world, Page(10), kind="call") == ([whole[1]], None)


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 2, 2), date(2026, 2, 1)), (date(2026, 1, 1), date(2027, 1, 2))]
)
async def test_a_period_is_bounded(app_database: Database, first: date, last: date) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        with pytest.raises(BadPeriod):
            await service.usage(session, world.tenant_id, Page(1), Filters(first, last))
