"""The desk: what is riskiest comes first, from an index, and what stands still goes to the role that owns its kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from services.engine import repeating
from services.engine.claims import Claims
from services.exceptions import grouping, reading, risk
from services.exceptions.reading import Filter
from tests.services.exceptions.standing import Desk, fault, park
from tests.services.human_tasks.office import make_person
from tests.world import World, deploy, make_tenant, start_runs, write

ADD = """
INSERT INTO app.exception (tenant_id, exception_id, category, mark, cause, title, value, currency, deadline, owner)
VALUES ($1, $2, 'data', $3, 'x', $3, $4, 'EUR', $5, $6)
"""
KINDS = {
    "erp-away": {"title": "Away", "owner": "order-manager", "runbook": "# Away"},
    "short-stock": {"title": "Short", "owner": "inventory-desk", "runbook": "# Short", "category": "failed"},
    "over-credit": {"title": "Over", "owner": "credit-manager", "runbook": "# Over"},
}


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


async def stand(database: Database, world: World, *rows: tuple[str, int | None, float | None, str | None]) -> None:
    """Each with its name, value, the hours until its deadline, and its owner."""
    now = datetime.now(UTC)
    async with database.tenant(world.tenant_id) as connection:
        for name, value, hours, owner in rows:
            deadline = None if hours is None else now + timedelta(hours=hours)
            await connection.execute(ADD, world.tenant_id, ids.new(), name, value, deadline, owner)


async def listed(database: Database, world: World, limit: int, only: Filter | None = None) -> list[Any]:
    """Every page of so many."""
    found: list[Any] = []
    after: str | None = None
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        while True:
            query = risk.listing(world.tenant_id, Page(limit, after), only or Filter())
            rows = list((await session.execute(query)).mappings())
            found += rows[:limit]
            if len(rows) <= limit:
                return found
            after = risk.position(rows[limit - 1])


MANY = (
    ("a year late", 500, -8_760.0, None),
    ("late and dear", 90_000, -1.0, "role:desk"),
    ("soon", 100_000, 1.0, "role:desk"),
    ("dear and far", 1_000_000, 80.0, None),
    ("cheap and soon", 400, 0.5, "role:desk"),
    ("no promise", 3_000, None, None),
    ("no value, late", None, -2.0, None),
    ("no value, soon", None, 1.0, None),
    ("no value, far", 0, 90.0, None),
)


async def test_the_order_is_that_of_value_times_probability_on_every_page(app_database: Database, world: World) -> None:
    await stand(app_database, world, *MANY)
    now = datetime.now(UTC)
    rows = await listed(app_database, world, 50)
    risks = [(row["value"] or 0) * risk.probability(row["breach_at"], now) for row in rows]
    assert risks == sorted(risks, reverse=True)
    assert [row["title"] for row in rows] == [
        "soon", "late and dear", "dear and far", "a year late", "cheap and soon", "no promise",
        "no value, late", "no value, soon", "no value, far",
    ]  # fmt: skip
    for limit in (1, 2, 4):
        assert [row["title"] for row in await listed(app_database, world, limit)] == [row["title"] for row in rows]
    offered = await listed(app_database, world, 2, Filter(owners=["role:desk", "account:x"]))
    assert [row["title"] for row in offered] == ["soon", "late and dear", "cheap and soon"]
    assert await listed(app_database, world, 2, Filter(owners=[])) == []


async def test_pages_skip_none_and_show_none_twice_while_time_goes_on(app_database: Database, world: World) -> None:
    """What is marked as late between two pages keeps its place in the order that the first page had."""
    now = datetime.now(UTC)
    await stand(app_database, world, *MANY, *((f"turns {value}", value, 2.0, None) for value in (300, 95_000, 700_000)))
    whole = [row["title"] for row in await listed(app_database, world, 50)]
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        rows = list((await session.execute(risk.listing(world.tenant_id, Page(3), Filter()))).mappings())[:3]
    after = risk.position(rows[-1])
    # Three hours later, as the columns have it: what was to be done within them is late, and marked so by the sweep.
    async with app_database.tenant(world.tenant_id) as connection:
        statement = "UPDATE app.exception SET is_late = true WHERE breach_at < $1 AND NOT is_late RETURNING title"
        turned = {row["title"] for row in await connection.fetch(statement, now + timedelta(hours=3))}
        # The sweep has not been at this one, which was late when the first page was read.
        await connection.execute("UPDATE app.exception SET is_late = false WHERE title = 'a year late'")
    assert len(turned) == 6
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        rest: list[Any] = []
        while True:
            query = risk.listing(world.tenant_id, Page(2, after), Filter())
            page = list((await session.execute(query)).mappings())
            rest += page[:2]
            if len(page) <= 2:
                break
            after = risk.position(page[1])
    assert [row["title"] for row in rows] + [row["title"] for row in rest] == whole


async def test_what_becomes_late_is_so_from_the_next_sweep(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await stand(app_database, world, ("one", 100, 1.0, None), ("other", 100, 9.0, None))
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute("UPDATE app.exception SET breach_at = now() - interval '1 s' WHERE title = 'one'")
    async with worker_database.doors() as connection:
        await connection.execute("SELECT * FROM app.sweep_runs(10, 3, 30)")
    assert {row["title"]: row["is_late"] for row in await listed(app_database, world, 5)} == {
        "one": True,
        "other": False,
    }


@pytest.mark.parametrize("owners", [None, ["role:desk"]])
async def test_a_page_begins_in_the_index_of_each_part(
    app_database: Database, world: World, owners: list[str] | None
) -> None:
    after = f"{datetime.now(UTC).timestamp()!r} 16.5 {ids.new()}"
    query = risk.listing(world.tenant_id, Page(50, after), Filter(owners=owners))
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        dialect = (await session.connection()).dialect
        statement = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = list(await session.scalars(text("EXPLAIN " + statement)))
    for part, column in (("late", "stake"), ("early", "pressure")):
        name = f"exception_{part}" if owners is None else f"exception_owned_{part}"
        at = next(place for place, line in enumerate(plan) if f"{name} on" in line)
        assert "Backward" in plan[at], plan
        condition = next(line for line in plan[at:] if "Index Cond" in line)
        assert "tenant_id" in condition
        assert f"({column} <= " in condition, condition


async def test_groups_count_and_add_up_what_is_at_risk_by_currency(app_database: Database, world: World) -> None:
    await stand(app_database, world, *MANY[:3])
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        as_of = datetime.now(UTC).timestamp()
        first, second = await grouping.groups(session, world.tenant_id, Filter(), "owner", as_of)
    assert (first["group"], first["currency"], first["count"], first["late"]) == ("role:desk", "EUR", 2, 1)
    assert first["value"] == 190_000
    assert 90_000 + 91_000 < first["at_risk"] < 90_000 + 92_500, "an hour before its deadline 92 in 100"
    assert (second["group"], second["count"], second["late"], second["at_risk"]) == (None, 1, 1, 500)


async def test_it_goes_to_the_role_that_its_template_names_and_has_what_the_desk_groups_by(
    app_database: Database, worker_database: Database, world: World
) -> None:
    erp, tenant = ids.new(), world.tenant_id
    await deploy(
        app_database, tenant, "document: {}", event_type="order.captured", bindings={"erp": erp}, exceptions=KINDS
    )
    for role in ("order-manager", "credit-manager"):
        await make_person(app_database, (world.partner_id, tenant), role, f"{role}@acme.example")
    await start_runs(app_database, tenant, 4)
    claims = await Claims(worker_database, "w", 30).take(4)
    names, texts = ["warehouse", "channel", "orderType", "/customer_class"], ["north", "shop", "rush", "gold"]
    async with worker_database.doors() as connection:
        statement = "SELECT app.file_run_keys($1, $2, $3, $4, $5, NULL, NULL, NULL, 'gold')"
        assert await connection.fetchval(statement, tenant, claims[0].run_id, claims[0].fence, names, texts)
    stock = '{"type": "x:own", "title": "No", "instance": "/do/3/short-stock/do/0/ask"}'
    made = [
        park(claims[0], ids.show("con", erp)),
        fault(claims[1], "https://example.com/errors/over-credit"),
        replace(fault(claims[2]), error=stock),
        fault(claims[3]),
    ]
    for one in made:
        assert await write(worker_database, one) == ["committed"]
    rows = await Desk(app_database, tenant).rows()
    assert [(row["kind"], row["owner"]) for row in rows] == [
        ("erp-away", "role:order-manager"),
        ("over-credit", "role:credit-manager"),
        ("short-stock", None),  # nobody has the role, and no seat is taken
        (None, None),
    ]
    cuts = ("warehouse", "channel", "order_type", "segment", "stage")
    assert [rows[0][name] for name in cuts] == ["north", "shop", "rush", "gold", "order"]
    assert [rows[2][name] for name in cuts] == [None, None, None, None, "short-stock"]
    # What it runs into later is its own kind, and its role's: nobody said that it is whose the first was.
    async with app_database.tenant(tenant) as connection:
        await repeating.retry(connection, tenant, claims[1].run_id, "key:k")
    (again,) = await Claims(worker_database, "w", 30).take(1)
    assert await write(worker_database, fault(again, "https://example.com/errors/short-stock")) == ["committed"]
    assert [(row["kind"], row["owner"]) for row in await Desk(app_database, tenant).rows()][-1] == ("short-stock", None)
    async with app_database.session(Scope.tenant(tenant)) as session:
        only = Filter(warehouse="north", channel="shop", order_type="rush", segment="gold", stage="order")
        (found,) = await reading.list_exceptions(session, tenant, Page(5), only, "age")
        assert found["kind"] == "erp-away"


async def test_what_a_group_leads_to_is_away_by_the_name_that_its_run_calls_it_by(
    app_database: Database, worker_database: Database, world: World
) -> None:
    tenant, erp, group = world.tenant_id, ids.new(), ids.new()
    await deploy(app_database, tenant, "document: {}", event_type="order.captured", bindings={}, exceptions=KINDS)
    await make_person(app_database, (world.partner_id, tenant), "order-manager", "erp@acme.example")
    await start_runs(app_database, tenant, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    async with app_database.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'east', 'http', '{}')",
            *(tenant, erp),
        )
        await connection.execute(
            "INSERT INTO app.connection_group (tenant_id, group_id, name, rules) VALUES ($1, $2, 'erps', '[]')",
            *(tenant, group),
        )
    async with worker_database.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.connection_choice (tenant_id, run_id, name, digest, facts, group_id, group_revision, "
            "rule, connection_id) VALUES ($1, $2, 'erp', sha256('x'), '{}', $3, 1, 1, $4)",
            *(tenant, claim.run_id, group, erp),
        )
    assert await write(worker_database, park(claim, ids.show("con", erp))) == ["committed"]
    (row,) = await Desk(app_database, tenant).rows()
    assert (row["kind"], row["owner"]) == ("erp-away", "role:order-manager")
