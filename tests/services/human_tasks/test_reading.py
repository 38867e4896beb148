"""The inbox is read from its indexes, in their order, though row-level security stands before them (E11, ADR 0099)."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from services.human_tasks import reading
from services.human_tasks.people import Person
from services.human_tasks.reading import Filter, Sort, View
from tests.world import make_tenant

AFTER = {"due": f"2026-01-31 10:00:00+00 {ids.new()}", "value": f"900 {ids.new()}"}
SOMEBODY = Person(account=UUID(int=1), actor="x", roles=frozenset({"credit", "finance"}))


@pytest.mark.parametrize(("view", "parts"), [("inbox", 2), ("mine", 1), ("queues", 1), ("all", 1)])
@pytest.mark.parametrize("sort", ["due", "value"])
async def test_a_further_page_begins_in_an_index_of_each_part(
    app_database: Database, sort: Sort, view: View, parts: int
) -> None:
    world = await make_tenant(app_database)
    query = reading.listing(world.tenant_id, Page(50, AFTER[sort]), Filter(view=view), SOMEBODY, sort=sort)
    assert query is not None
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        dialect = (await session.connection()).dialect
        statement = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        for way in ("seqscan", "bitmapscan", "sort"):
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        plan = list(await session.scalars(text("EXPLAIN " + statement)))
    conditions = [line for line in plan if "Index Cond" in line]
    assert len(conditions) == parts, plan
    assert all("tenant_id" in one and "ROW(" in one for one in conditions), plan
    joined = next((n for n, line in enumerate(plan) if "Nested Loop" in line), 0)
    assert not [line for line in plan[joined:] if "Sort  (" in line], "each page is in the order of the list"
