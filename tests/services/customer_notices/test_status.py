"""How an order stands for its customer: what they were told, and the way of that one order alone (ADR 0127)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.customer_notices import status
from services.customer_notices.status import PURPOSE, WHOSE
from services.links.links import Link
from services.records.folding import Sight, Turn
from tests.services.customer_notices.noticed import FIXED, leave
from tests.services.records.side import Side, mapping, side, told
from tests.world import deploy

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
async def shop(app_database: Database, worker_database: Database) -> AsyncIterator[Side]:
    async with side(app_database, worker_database) as found:
        yield found


def turn(state: str, minute: int) -> Turn:
    return Turn(state, 1, Sight(f"2026-01-15T09:{minute:02}:00.000000Z", "e", "shop", {"": state}))


def note(milestone: str | None, was: str | None = None, now: str | None = None) -> dict[str, Any]:
    return {"milestone": milestone, "promise_was": was, "promise_now": now, "due_at": AT, "language": "en"}


def whats(*given: Any) -> list[str]:
    return [one.what for one in status.steps(*given)]


def test_what_is_the_client_s_own_business_is_no_step_and_what_goes_on_is_told_once() -> None:
    states = ("captured", "validated", "held", "released", "allocated", "picked", "shipped", "invoiced", "closed")
    turns = [turn(state, minute) for minute, state in enumerate(states)]
    assert whats(turns, []) == ["received", "preparing", "sent"]


def test_a_notice_says_of_the_whole_what_no_system_told_and_a_delay_always() -> None:
    assert whats([turn("shipped", 1)], [note("shipped"), note("delayed", "2026-01-01", "2026-01-04")]) == [
        "sent",
        "delayed",
    ]
    assert whats([], [note("shipped"), note("internal-word"), note(None)]) == ["sent", "told", "told"]
    # One item that goes is not the order.
    assert whats([turn("captured", 1)], [note("cancelled")]) == ["received", "told"]


async def test_S_02_an_order_s_way_is_shown_where_the_notice_s_run_began_with_it_and_no_other_of_that_number(
    shop: Side, stack: Stack, endpoints: Endpoints
) -> None:
    await deploy(shop.app, shop.world.tenant_id, FIXED, event_type="shop.order")
    for system in ("shop", "erp"):
        await shop.use(f"{system}-orders", mapping(system))
    await shop.send(told(1, 0), told(2, 5, status="ok"), told(3, 6, status="sent"))
    # Another customer's order has the same number in another system.
    await shop.send(told(4, 1, "erp.order", status="gone"))
    (run, *_) = await shop.rows("SELECT run_id FROM app.run ORDER BY run_id")
    tenant = shop.world.tenant_id
    await leave(stack, endpoints, shop.world.partner_id, tenant, "a", run=run["run_id"], milestone="news")
    await leave(stack, endpoints, shop.world.partner_id, tenant, "b", about="SO-2", milestone="news")
    (row, _) = await shop.rows("SELECT address_digest FROM app.customer_notice")
    seen = await look(shop, "SO-1", row["address_digest"])
    assert [one.what for one in seen.steps] == ["received", "preparing", "sent", "told"]
    # Of an order of which nothing is known but a notice that some run told.
    assert [one.what for one in (await look(shop, "SO-2", row["address_digest"])).steps] == ["told"]
    nobody = await look(shop, "SO-1", b"x" * 32)
    assert (nobody.steps, nobody.language) == ([], None), "it is told by what an address was told"


async def look(shop: Side, key: str, whose: bytes) -> status.Status:
    link = Link(
        link_id=ids.new(),
        tenant_id=shop.world.tenant_id,
        purpose=PURPOSE,
        subject=f"sales-order:{key}",
        recipient=WHOSE + whose.hex(),
        is_lasting=True,
        created_at=AT,
        expires_at=AT,
        used_at=None,
    )
    async with shop.app.tenant(shop.world.tenant_id) as connection:
        return await status.read(connection, link)
