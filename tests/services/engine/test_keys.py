"""Runs are found by what their workflow declares: filed as they start, or by their first claim (ADR 0028)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from sqlalchemy.dialects import postgresql

from infra.database import Database
from infra.pagination import Page
from services.engine import keys, listing
from services.engine.keys import Filed
from services.engine.listing import RunFilter
from services.events import cloud_event
from template_library import catalog
from tests.services.engine.running import Engine, order
from tests.world import World, deploy, make_tenant

DOCUMENT = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: keyed
  version: 1.0.0
  metadata:
    keys:
      search: {orderNumber: '${ .[0].data.value.number }', customer: '${ .[0].data.value.customer | ascii_upcase }'}
      value: {amount: '${ [.[0].data.value.lines[]] | add }', currency: USD}
      deadline: ${ .[0].data.value.ship }
      customerClass: ${ .[0].data.value.class }
do:
  - first: {set: {done: true}}
"""
FILED = (
    "SELECT value_amount, value_currency, deadline, customer_class, "
    "(SELECT json_object_agg(k.name, k.value ORDER BY k.name)::text FROM app.run_key k WHERE k.run_id = r.run_id "
    "AND k.name NOT LIKE '/%') AS keys FROM app.run r ORDER BY run_id"
)
ORDER = {"number": "SO-1", "customer": "acme", "lines": [100, 250], "ship": "2026-12-01", "class": "gold"}


@pytest.mark.parametrize(
    ("told", "filed"),
    [
        ({"a": " SO-1 ", "b": 7, "c": True, "d": "", "e": "x" * 201, "f": None}, Filed(texts={"a": "SO-1", "b": "7"})),
        ({"a": "nul\x00", "b": "half\ud800", "c": {"d": 1}, "d": 1.5}, Filed()),
        ({"/amount": 12.0, "/currency": "EUR"}, Filed(amount=12, currency="EUR")),
        ({"/amount": 12.5, "/currency": "EUR"}, Filed()),
        ({"/amount": 12, "/currency": "euro"}, Filed()),
        ({"/amount": 2**63, "/currency": "EUR"}, Filed()),
        ({"/deadline": "2026-12-01"}, Filed(deadline=dt.datetime(2026, 12, 2, tzinfo=dt.UTC))),
        ({"/deadline": "2026-12-01T10:00:00Z"}, Filed(deadline=dt.datetime(2026, 12, 1, 10, tzinfo=dt.UTC))),
        ({"/deadline": "2026-12-01T10:00:00"}, Filed()),
        ({"/deadline": "9999-12-31"}, Filed()),
        ({"/deadline": "9999-12-31T23:59:59-05:00"}, Filed()),
        ({"/deadline": "soon", "/customer_class": "gold"}, Filed(customer_class="gold")),
    ],
)
def test_what_an_expression_told_is_a_key_or_none(told: dict[str, Any], filed: Filed) -> None:
    assert keys.read(told) == filed


async def test_what_is_simple_is_filed_with_the_start_and_the_rest_by_the_first_claim(
    app_database: Database, engine: Engine
) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order")
    engine.loop.stopping = True  # nothing is claimed yet
    await engine.intake.receive(world.tenant_id, order(1, ORDER), "tests")
    (row,) = await filed(app_database, world)
    assert (row["value_amount"], row["value_currency"], row["customer_class"]) == (None, None, "gold")
    assert row["keys"] == '{ "orderNumber" : "SO-1" }'
    assert row["deadline"] == dt.datetime(2026, 12, 2, tzinfo=dt.UTC)
    await claim_all(engine, world)
    (row,) = await filed(app_database, world)
    assert (row["value_amount"], row["value_currency"]) == (350, "USD")
    assert row["keys"] == '{ "customer" : "ACME", "orderNumber" : "SO-1" }'


async def test_an_order_by_the_template_is_filed_with_its_value_and_its_promise(
    app_database: Database, engine: Engine
) -> None:
    """What outages and exceptions show of it (scenario 4)."""
    world = await make_tenant(app_database)
    package = catalog.builtin().find("order-release", "1.1.0")
    await deploy(app_database, world.tenant_id, package.document, event_type="order")
    data = {"number": "PO-7", "customer": "ACME-001", "currency": "USD", "customer_class": "gold"}
    lines = [{"item": "SKU-1", "quantity": "2.5", "unit_price": {"amount": 1299, "currency": "USD"}}]
    promises: tuple[dict[str, str], ...] = (
        {"promised_at": "2026-12-01T17:00:00+01:00"},
        {"requested_ship_date": "2026-12-01"},
        {},
    )
    for number, promise in enumerate(promises):
        event = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": "order"}
        body = msgspec.json.encode({**event, "data": {**data, "lines": lines, **promise}})
        read = cloud_event.read({"content-type": cloud_event.STRUCTURED}, body)
        await engine.intake.receive(world.tenant_id, read, "tests")
    await engine.ended(world, 3)
    rows = await filed(app_database, world)
    assert {(row["value_amount"], row["value_currency"], row["customer_class"]) for row in rows} == {
        (3248, "USD", "gold")
    }
    assert {row["keys"] for row in rows} == {'{ "customer" : "ACME-001", "orderNumber" : "PO-7" }'}
    assert [row["deadline"] and row["deadline"].isoformat() for row in rows] == [
        "2026-12-01T16:00:00+00:00",
        "2026-12-02T00:00:00+00:00",
        None,
    ]


async def test_F_15_an_expression_that_fails_gives_no_key_and_stops_no_run(
    app_database: Database, engine: Engine
) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order")
    await engine.intake.receive(world.tenant_id, order(1, "no object"), "tests")
    await engine.intake.receive(world.tenant_id, order(2, {**ORDER, "customer": 7}), "tests")
    ended = await engine.ended(world, 2)
    assert [row["state"] for row in ended] == ["completed", "completed"]
    broken, half = await filed(app_database, world)
    assert tuple(broken) == (None, None, None, None, None)
    assert (half["keys"], half["value_amount"]) == ('{ "orderNumber" : "SO-1" }', 350)


async def test_S_12_a_search_reads_an_index_of_the_tenant_and_not_its_runs(app_database: Database) -> None:
    """Under row-level security only leakproof operators reach an index."""
    world = await make_tenant(app_database)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT r.run_id FROM app.run r JOIN app.run_key k USING (tenant_id, run_id) "
            "WHERE r.tenant_id = $1 AND k.tenant_id = $1 AND k.name = 'orderNumber' AND k.value = 'SO-1' "
            "ORDER BY r.run_id DESC LIMIT 51",
            world.tenant_id,
        )
    words = "\n".join(row[0] for row in plan)
    assert "run_key_value" in words
    assert "Index Cond: ((tenant_id = " in words
    assert "value = 'SO-1'" in words.partition("Index Cond")[2]


@pytest.mark.parametrize("sort", ["deadline", "value"])
async def test_S_12_a_sorted_list_is_read_from_an_index_in_its_order(
    app_database: Database, sort: listing.Sort
) -> None:
    """With nothing to sort but the page: what is read is what is shown, however many runs there are."""
    world = await make_tenant(app_database)
    query = listing.listing(world.tenant_id, Page(50, None), RunFilter(currency="USD"), sort)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    words = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {words}"))
    assert "run_key_value" in plan
    assert "Sort Key: run_key" not in plan


@pytest.mark.parametrize("amounts", [(-(2**63) + 1, -1, 0, 1, 10, 2**63 - 1)])
def test_amounts_and_moments_are_texts_that_sort_as_they_do(amounts: tuple[int, ...]) -> None:
    texts = [keys.amount_text("USD", amount) for amount in amounts]
    assert texts == sorted(texts)
    assert keys.amount_text("USD", 2**70) == keys.amount_text("USD", 2**63 - 1)
    moments = (
        "0001-01-01T00:00:00+14:00",
        "2026-12-01T09:00:00+02:00",
        "2026-12-01T07:00:00.000001Z",
        "9999-12-31T23:59:59-12:00",
    )
    told = [keys.moment_text(dt.datetime.fromisoformat(one)) for one in moments]
    assert told == sorted(told)
    assert len({len(one) for one in told}) == 1


async def filed(database: Database, world: World) -> list[Any]:
    async with database.tenant(world.tenant_id) as connection:
        return list(await connection.fetch(FILED))


async def claim_all(engine: Engine, world: World) -> None:
    for claim in await engine.claims.take(10):
        await engine.advance(claim)
    await engine.ended(world)
