"""Lists of exceptions are read from an index, in its order, though row-level security stands before them (E11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from services.exceptions import reading
from services.exceptions.reading import Filter, Sort
from tests.world import World, make_tenant

AFTER = {
    "age": f"{ids.new()}",
    "value": f"900 {ids.new()}",
    "deadline": f"{datetime(2026, 1, 31, tzinfo=UTC).isoformat()} {ids.new()}",
}


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


@pytest.mark.parametrize("sort", ["age", "value", "deadline"])
async def test_a_further_page_begins_in_the_index(app_database: Database, world: World, sort: Sort) -> None:
    query = reading.listing(world.tenant_id, Page(50, AFTER[sort]), Filter(), sort)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        dialect = (await session.connection()).dialect
        statement = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = list(await session.scalars(text("EXPLAIN " + statement)))
    at = next(place for place, line in enumerate(plan) if f"exception_{sort}" in line)
    (condition,) = [line for line in plan[at:] if "Index Cond" in line][:1]
    assert "Sort" not in " ".join(plan), plan
    assert "tenant_id" in condition
    assert ("ROW(" in condition) is (sort != "age"), condition
    assert "state" in condition
