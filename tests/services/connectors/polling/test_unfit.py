"""What a system tells and nothing can be made of: a person sees it, once, and the watch goes on."""

from __future__ import annotations

from typing import Any

import msgspec

from infra import crash_points
from tests.services.connectors.declared.other import said
from tests.services.connectors.polling.shop import Watched

UNMAPPED: dict[str, Any] = {"id": "A-8", "why": "its status stands for no state of an order", "status": "teleported"}
UNFIT: dict[str, Any] = {"id": "A-9", "why": "the unit 'box' of the ERP has no code here"}


def tells(watched: Watched, *orders: str, unfit: list[dict[str, Any]]) -> None:
    """The shop's next answers."""
    listed = [{"id": number, "changed": 1, "channel": "web"} for number in orders]
    watched.shop.answer = said({"orders": listed, "unfit": unfit, "next": 1})


async def exceptions(watched: Watched) -> list[tuple[str, str, int]]:
    rows = await watched.do("SELECT * FROM app.exception WHERE tenant_id = $1 ORDER BY category")
    assert {row["state"] for row in rows} <= {"open"}
    return [(row["category"], row["title"], row["times"]) for row in rows]


async def test_the_others_go_on_and_each_unfit_one_is_told_once(watched: Watched) -> None:
    tells(watched, "A-1", unfit=[UNMAPPED, UNFIT])
    for _ in range(2):
        await watched.round()
    assert await watched.events() == ["A-1@1"]
    assert (await watched.row())["failures"] == 0
    words = "shop, sales-order A-8: the status 'teleported' is mapped to no state of an order"
    refused = "orders: A-9: the unit 'box' of the ERP has no code here"
    assert await exceptions(watched) == [("data", words, 1), ("dead-letter", refused, 1)]
    (row,) = await watched.do("SELECT * FROM app.exception WHERE tenant_id = $1 AND category = 'data'")
    assert (row["cause"], row["entity"]) == ("unmapped-status", "order")
    told = await watched.do("SELECT after FROM app.audit WHERE tenant_id = $1 AND action = 'event.refused'")
    assert sorted(msgspec.json.decode(one["after"])["detail"] for one in told) == [refused, words]


async def test_one_status_is_one_thing_however_many_orders_are_in_it(watched: Watched) -> None:
    tells(watched, unfit=[UNMAPPED, {**UNMAPPED, "id": "A-7"}, {**UNMAPPED, "status": "lost"}])
    await watched.round()
    assert sorted(times for _, _, times in await exceptions(watched)) == [1, 2]


async def test_one_that_was_mended_comes_through(watched: Watched) -> None:
    tells(watched, "A-1", unfit=[UNFIT])
    await watched.round()
    tells(watched, "A-1", "A-9", unfit=[])
    await watched.round()
    assert await watched.events() == ["A-1@1", "A-9@1"]
    assert await watched.runs() == ["A-1", "A-9"]


async def test_a_mistake_of_ours_is_told_as_well_and_the_watch_goes_on_after_it(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    for _ in range(3):
        crash_points.arm("!poll.answered")
        try:
            await watched.round()
        finally:
            crash_points.arm("")
    assert (await watched.row())["failures"] == 3
    ((category, title, _),) = await exceptions(watched)
    assert category == "outage"
    assert "mistake" in title
    await watched.round()
    assert (await watched.events(), (await watched.row())["failures"]) == (["A-1@10"], 0)
