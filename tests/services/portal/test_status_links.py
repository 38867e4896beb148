"""The link of a notice opens the status page of one thing, and looking changes nothing (S-69, ADR 0127)."""

from __future__ import annotations

from typing import Any

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.portal.app import Front
from services.portal.link_holder import HEADER
from tenants.identity import budgets
from tests.asgi import Answer
from tests.services.customer_notices.noticed import lead, leave
from tests.services.portal.test_moved_client import move, west_of
from tests.services.portal.visitors import House, Visitor
from tests.superuser import connected

pytestmark = pytest.mark.usefixtures("front")


@pytest.fixture
async def token(house: House, stack: Stack, endpoints: Endpoints) -> str:
    """Of an order that comes later than it was promised; another one is nobody's business here."""
    there = (stack, endpoints, house.ids["north"], house.ids["acme"])
    await leave(*there, "a", milestone="delayed", promise=("2030-01-01", "2030-01-04"))
    await leave(*there, "b", about="SO-2", milestone="delivered")
    return await lead(stack, endpoints, house.ids["acme"])


async def look(visitor: Visitor, token: str, method: str = "GET") -> Answer:
    return await visitor.send(method, "/portal/status", **{HEADER.replace("-", "_"): token})


async def change(database: Database, house: House, statement: str) -> None:
    async with database.tenant(TenantId(house.ids["acme"])) as connection:
        await connection.execute(statement)


async def test_S_69_a_customer_sees_one_order_in_plain_words_and_looking_changes_nothing(
    house: House, token: str, app_database: Database
) -> None:
    seen, again = await look(house.north, token), await look(house.north, token)
    assert seen.status == 200, seen.body
    (step,) = seen.json["steps"]
    assert (seen.json["client"], seen.json["kind"], seen.json["key"]) == ("Acme", "sales-order", "SO-1")
    assert (step["what"], step["was"], step["now"]) == ("delayed", "2030-01-01", "2030-01-04")
    assert {**again.json, "as_of": None} == {**seen.json, "as_of": None}
    assert set(seen.json) == {"client", "kind", "key", "language", "steps", "as_of"}
    for word in (b"aybill", b"SO-2", b"ntc_", b"run_", b"buyer@", b"live"):
        assert word not in seen.body
    assert (seen.headers["cache-control"], seen.headers["x-robots-tag"]) == ("no-store", "noindex")
    page = await house.north.get("/status")
    assert (page.headers["referrer-policy"], page.headers["x-robots-tag"]) == ("no-referrer", "noindex")
    assert (await look(house.north, token, "POST")).status == 405
    async with app_database.tenant(TenantId(house.ids["acme"])) as connection:
        (row,) = await connection.fetch("SELECT used_at, ended_at FROM app.link")
    assert (row["used_at"], row["ended_at"]) == (None, None)


async def test_S_69_every_link_that_is_none_is_answered_alike_and_guesses_are_counted(
    house: House, token: str, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = ["", "x", token[:-1], token.upper(), token + "x" * 200, token[:-1] + ("A" if token[-1] != "A" else "B")]
    answers = [await look(house.north, one) for one in odd] + [await look(house.south, token)]
    task = await house.north.get("/portal/link", **{HEADER.replace("-", "_"): token})
    decided = {"outcome": "approve", "version": 1, "saw": ""}
    by_post = await house.north.send("POST", "/portal/link/decide", decided, **{HEADER.replace("-", "_"): token})
    await change(app_database, house, "UPDATE app.link SET purpose = 'outside'")
    answers.append(await look(house.north, token))
    await change(app_database, house, "UPDATE app.link SET purpose = 'status', expires_at = clock_timestamp()")
    answers.append(await look(house.north, token))
    assert {(one.status, one.problem) for one in (*answers, task, by_post)} == {(404, "link-over")}
    # Whoever guesses is slowed down; so many were wrong on this host.
    monkeypatch.setattr(budgets, "LINKS", len(answers) + 1)
    await look(house.north, "x")
    assert (await look(house.north, "x")).status == 429


async def test_S_06_a_suspended_clients_pages_open_to_nobody_and_a_moved_ones_never_again(
    house: House, token: str, stack: Stack, endpoints: Endpoints, app_database: Database, front: Front
) -> None:
    query = "UPDATE app.client c SET status = $1 FROM app.tenant t WHERE t.tenant_id = $2 AND t.client_id = c.client_id"
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        for status, answer in (("suspended", 404), ("active", 200)):
            await connection.execute(query, status, house.ids["acme"])
            assert (await look(house.north, token)).status == answer, status
    west = await west_of(house, app_database)
    assert (await move(house, front)).status == 200
    for visitor in (house.north, west):
        assert (await look(visitor, token)).problem == "link-over"


async def test_a_link_is_withdrawn_with_all_others_of_its_order(
    house: House, token: str, stack: Stack, endpoints: Endpoints
) -> None:
    other = await lead(stack, endpoints, house.ids["acme"])
    elsewhere = await lead(stack, endpoints, house.ids["acme"], "SO-2")
    key = house.operator.having(house.keys["acme"])
    wish: dict[str, Any] = {"about": "sales-order:SO-1", "reason": "sent to the wrong person"}
    assert (await key.post("/v1/customer-notices/withdraw-links", wish)).json == {"withdrawn": 2}
    assert (await key.post("/v1/customer-notices/withdraw-links", wish)).json == {"withdrawn": 0}
    assert [(await look(house.north, one)).status for one in (token, other, elsewhere)] == [404, 404, 200]
