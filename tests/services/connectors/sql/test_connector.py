"""The connector of databases on PostgreSQL: values are bound, writes happen once, and what is too much is refused."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from infra import clock
from infra.egress import Client
from services.connectors.sdk.watching import Item, Position
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Done, Failed, Later, Unknown
from tests.counterparts.calling import TENANT, Caller
from tests.patience import PATIENCE
from tests.services.connectors.sql.sales import STATEMENTS, Front, Sales

pytestmark = pytest.mark.certifies("sql")


def named(text: str, **parts: Any) -> dict[str, Any]:
    """Settings with one statement more, `own`."""
    return {"statements": {**STATEMENTS, "own": {"text": text, **parts}}}


def booked(reference: str, statement: str, quantity: Any = "2") -> dict[str, Any]:
    return {"statement": statement, "values": {"reference": reference, "quantity": quantity}}


async def refused(caller: Caller, operation: str, values: Any) -> str:
    answer = await caller.call(operation, values)
    assert isinstance(answer, Failed), answer
    return answer.error.detail


async def test_rows_are_read_with_every_digit(sales: Sales, caller: Caller) -> None:
    await sales.do(
        "INSERT INTO stock VALUES ('A', 12.500, '2026-03-02 08:00:00.25-06', '2026-03-02', '{x,y}', '{\"n\": 1.10}'), "
        "('B', NULL, NULL, NULL, '{}', NULL)"
    )
    answer = await caller.done("sql.read", {"statement": "stock", "values": {"items": ["A", "B", "C"]}})
    first = {"item": "A", "quantity": "12.500", "counted_at": "2026-03-02T14:00:00.250000Z", "counted_on": "2026-03-02"}
    second: dict[str, Any] = {
        "item": "B",
        "quantity": None,
        "counted_at": None,
        "counted_on": None,
        "tags": [],
        "about": None,
    }
    assert datetime.fromisoformat(answer.pop("as_of")).tzinfo is not None
    assert answer == {"rows": [{**first, "tags": ["x", "y"], "about": {"n": 1.1}}, second], "count": 2}


async def test_values_of_every_kind_are_bound(caller: Caller) -> None:
    kinds = {"text": "ä'\\", "integer": 2**62, "decimal": "1.10", "boolean": True, "date": "2026-03-02",
             "time": "2026-03-02T14:00:00Z", "json": {"a": [1]}}  # fmt: skip
    text = (
        "SELECT $1::text AS text, $2::int8 AS integer, $3::numeric AS decimal, $4::bool AS boolean, $5::date AS date, "
    )
    text += "$6::timestamptz AS time, $7::jsonb AS json, $8::text AS nothing"
    parameters: list[dict[str, Any]] = [{"name": name, "kind": name} for name in kinds]
    caller.change(**named(text, parameters=[*parameters, {"name": "nothing", "required": False}]))
    answer = await caller.done("sql.read", {"statement": "own", "values": kinds})
    assert answer["rows"] == [{**kinds, "nothing": None}]


async def test_S_16_a_value_is_never_a_part_of_the_statement(sales: Sales, caller: Caller) -> None:
    for text in ("x'); DELETE FROM booking; --", "$1", "' OR true --"):
        await caller.done("sql.put", booked(text, "put"))
    assert await sales.bookings() == ["x'); DELETE FROM booking; --", "$1", "' OR true --"]
    answer = await caller.done("sql.read", {"statement": "stock", "values": {"items": ["' OR true --"]}})
    assert answer["rows"] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1; DELETE FROM booking", "cannot insert multiple commands"),
        ("WITH gone AS (DELETE FROM booking RETURNING id) SELECT id FROM gone", "Declare its effect"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "must be set before any query"),
        ("SELECT nextval('booking_id_seq')", "permission denied"),
        ("DELETE FROM booking", "one that reads begins with one of SELECT"),
        ("-- SELECT\nCOPY booking TO STDOUT", "one that reads begins with one of SELECT"),
        ("/* SELECT */ SET ROLE none", "one that reads begins with one of SELECT"),
    ],
)
async def test_S_16_what_reads_is_one_statement_and_changes_nothing(
    sales: Sales, caller: Caller, text: str, says: str
) -> None:
    await sales.do("INSERT INTO booking (reference, quantity) VALUES ('there', 1)")
    caller.change(**named(text))
    assert says in await refused(caller, "sql.read", {"statement": "own"})
    assert await sales.bookings() == ["there"]


async def test_a_key_makes_one_row_of_two_calls(sales: Sales, caller: Caller) -> None:
    found = [await caller.done("sql.put", booked("A", "put"), "key-1") for _ in range(2)]
    assert found[0] == found[1]
    assert found[0]["rows"][0]["reference"] == "A"
    await caller.done("sql.put", booked("B", "put"), "key-2")
    assert await sales.bookings() == ["A", "B"]


async def test_F_03_a_commit_whose_answer_is_lost_happens_once(
    sales: Sales, client: Client, evaluator: Expressions
) -> None:
    async with Front(sales.port).running() as front:
        caller = sales.caller(client, evaluator, port=front.port)
        for operation, statement in (("sql.write", "write"), ("sql.put", "put")):
            front.lose = b"COMMIT"
            answer = await caller.call(operation, booked(statement, statement), statement)
            assert isinstance(answer, Later), answer
            assert answer.uncertain
            again = await caller.through(operation, booked(statement, statement), statement)
            assert isinstance(again, Done), again
            assert (again.output["rows"][0]["reference"], again.output["count"]) == (statement, 1)
        front.lose = b"COMMIT"
        answer = await caller.call("sql.execute", booked("execute", "execute"), "key-3")
        assert isinstance(answer, Unknown), answer
        front.lose = b"INSERT"
        before = await caller.call("sql.execute", booked("again", "execute"), "key-4")
        assert isinstance(before, Later), "nothing was committed, so that it may come again"
        assert not before.uncertain
        assert isinstance(await caller.call("sql.execute", booked("again", "execute"), "key-4"), Done)
    assert await sales.bookings() == ["write", "put", "execute", "again"]


async def test_two_rows_where_one_was_looked_for_are_a_person_s_question(sales: Sales, caller: Caller) -> None:
    await sales.do("INSERT INTO booking (reference, quantity) VALUES ('A', 1), ('A', 1)")
    assert isinstance(await caller.call("sql.write", booked("A", "write")), Unknown)
    assert await sales.bookings() == ["A", "A"]


async def test_what_the_database_refuses_is_not_done_and_says_why(sales: Sales, caller: Caller) -> None:
    assert "booking_quantity_check" in await refused(caller, "sql.execute", booked("A", "execute", "-1"))
    assert "quantity is no decimal number" in await refused(caller, "sql.execute", booked("A", "execute", "many"))
    assert "no parameter 'more'" in await refused(
        caller, "sql.read", {"statement": "stock", "values": {"items": [], "more": 1}}
    )
    assert "items has no value" in await refused(caller, "sql.read", {"statement": "stock"})
    caller.change(**named("INSERT INTO booking (reference, quantity) VALUES ('A', 1) RETURNING point(1, 2) AS room",
                          effect="once-or-ask"))  # fmt: skip
    assert "as room::text" in await refused(caller, "sql.execute", {"statement": "own"})
    assert await sales.bookings() == []


async def test_a_statement_is_called_as_its_effect_says(sales: Sales, caller: Caller) -> None:
    assert "sql.put" in await refused(caller, "sql.read", {"statement": "put"})
    for operation, statement in (("sql.execute", "put"), ("sql.put", "write"), ("sql.write", "stock")):
        assert "with the effect" in await refused(caller, operation, booked("A", statement))
    assert await sales.bookings() == []


async def test_S_57_an_answer_is_no_larger_than_it_may_be(caller: Caller) -> None:
    caller.change(**named("SELECT repeat('x', 30 * 1024 * 1024) AS much"))
    assert "was given up" in await refused(caller, "sql.read", {"statement": "own"})
    caller.change(**named("SELECT repeat('x', 11 * 1024 * 1024) AS much"))
    assert "more than 10485760 bytes" in await refused(caller, "sql.read", {"statement": "own"})
    caller.change(**named("SELECT n FROM generate_series(1, 11) AS n", most_rows=10))
    assert "more than 10 rows" in await refused(caller, "sql.read", {"statement": "own"})


async def test_a_statement_that_takes_too_long_is_ended(sales: Sales, caller: Caller) -> None:
    caller.change(timeout_seconds=1, **named("SELECT pg_sleep(600)::text AS done"))
    answer = await caller.call("sql.read", {"statement": "own"})
    assert isinstance(answer, Later), answer
    assert not answer.uncertain
    busy = (
        "SELECT 1 FROM pg_stat_activity WHERE usename = 'sales_agent' AND query LIKE '%pg_sleep%' AND state = 'active'"
    )
    until = clock.monotonic() + PATIENCE
    while await sales.do(busy):
        assert clock.monotonic() < until
        await asyncio.sleep(0.05)


async def test_rows_that_are_new_are_found_by_their_cursor(sales: Sales, caller: Caller) -> None:
    settings: dict[str, Any] = {
        "watched": "changed", "watched_cursor": ["changed", "id"], "watched_key": ["reference"],
        "watched_first": {"changed": "2026-01-01T00:00:00Z", "id": 0},
    }  # fmt: skip
    caller.change(**settings)
    await sales.do("INSERT INTO booking (reference, quantity, changed) SELECT 'B' || n, 1, '2026-03-02' "
                   "FROM generate_series(1, 3) AS n")  # fmt: skip
    polled = caller.connector.polled("rows")
    assert polled is not None
    cursor: Any = None
    found: list[list[str]] = []
    times: set[str | None] = set()
    for _ in range(4):
        opened = (await caller.open(TENANT, TENANT)).settings
        position = Position(cursor=cursor, began="2026-01-01T00:00:00Z")
        values = await polled.asks(position, opened, TENANT)
        answer = await caller.triggered(polled.operation, values, "rows")
        assert isinstance(answer, Done), answer
        news = await polled.reads(answer.output, position, opened, TENANT)
        cursor = news.cursor
        found.append([one.id for one in news.items if isinstance(one, Item)])
        times |= {one.time for one in news.items if isinstance(one, Item)}
        if len(found) == 3:
            await sales.do("UPDATE booking SET changed = '2026-03-03' WHERE reference = 'B1'")
    assert found == [["B1", "B2"], ["B3"], [], ["B1"]]
    assert None not in times, "each is of when it was read"


async def test_two_keys_of_several_columns_are_never_one(caller: Caller) -> None:
    caller.change(watched_cursor=["first"], watched_key=["first", "second"])
    polled = caller.connector.polled("rows")
    assert polled is not None
    opened = (await caller.open(TENANT, TENANT)).settings
    keys = [("a|b", "c"), ("a", "b|c"), ("a\\", "b|c"), ("a\\|b", "c"), ("plain", "7")]
    rows = [{"first": first, "second": second} for first, second in keys]
    output = {"rows": rows, "count": len(rows), "as_of": "2026-03-02T08:00:00+00:00"}
    position = Position(cursor=None, began="2026-01-01T00:00:00Z")
    found = [one for one in (await polled.reads(output, position, opened, TENANT)).items if isinstance(one, Item)]
    assert len({one.id for one in found}) == len({one.version for one in found}) == len(keys)
    assert (found[-1].id, found[-1].version, found[-1].data) == ("plain|7", "plain", rows[-1])
