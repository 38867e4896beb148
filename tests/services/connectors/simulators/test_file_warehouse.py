"""The simulated warehouse that speaks files, by its connector: orders out, confirmations and counts in, hourly."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra import egress
from services.connectors.sdk.watching import Item, News, Position, Unfit
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Done, Later
from tests import certifying
from tests.services.connectors.simulators.beside import Beside, beside

pytestmark = pytest.mark.certifies("file-warehouse-simulator", simulator=True)
NAME = "file-warehouse"


@pytest.fixture(autouse=True)
def seen() -> None:
    certifying.saw("file-warehouse-simulator", "the legacy warehouse simulator")


def order(number: str, item: str, value: str) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": item}, "quantity": {"value": value, "unit": "EA"}}
    head = {"number": number, "state": "released", "ordered_at": "2026-03-01T10:00:00Z", "currency": "USD"}
    return {"order": {**head, "customer": {"id": "ACME-001"}, "lines": [line]}}


async def news(running: Beside, trigger: str, cursor: Any = None) -> News:
    """What a trigger tells from `cursor` on, as the poller asks."""
    polled = running.caller.connector.polls[trigger]
    connection = await running.caller.open(UUID(int=1), UUID(int=2))
    position = Position(cursor=cursor, began="2026-03-02T08:00:00Z")
    given = await polled.asks(position, connection.settings, UUID(int=1))
    answer = await running.caller.triggered(polled.operation, given, trigger)
    assert isinstance(answer, Done), answer
    return await polled.reads(answer.output, position, connection.settings, UUID(int=1))


async def test_an_order_goes_out_as_a_file_and_what_left_comes_back_two_hours_later(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        for number, item, value in (("SO-1", "SKU-2", "1200"), ("SO-2", "SKU-9", "1"), ("SO-3", "SKU-1", "3")):
            await running.caller.done("wms.orders.create", order(number, item, value))
        assert len((await running.caller.done("files.list", {}))["files"]) == 3
        await running.control("POST", "pass", {"seconds": 3600})
        assert (await running.caller.done("files.list", {}))["files"] == []
        first = await news(running, "shipments")
        assert (first.items, (await running.state())["order"]) == ([], 3)
        await running.control("POST", "pass", {"seconds": 3600})
        told = await news(running, "shipments", first.cursor)
        good = [one for one in told.items if isinstance(one, Item)]
        (bad,) = [one for one in told.items if isinstance(one, Unfit)]
        assert sorted((one.data["order"], one.data["lines"][0]["quantity"]) for one in good) == [
            ("SO-1", "1000"),
            ("SO-3", "3"),
        ]
        assert {one.time for one in good} == {"2026-03-02T10:00:00Z"}
        assert "CONF-202603021000.txt, line " in bad.detail
        assert "rejected the line 1 of the order SO-2" in bad.detail
        assert (await news(running, "shipments", told.cursor)).items == []
        counted = await news(running, "counts")
        assert [one.data["as_of"] for one in counted.items if isinstance(one, Item)] == [
            "2026-03-02T09:00:00Z",
            "2026-03-02T10:00:00Z",
        ]
        assert (await running.state())["stock"] == {"SKU-1": 4997, "SKU-2": 0, "SKU-3": 0}


async def test_F_03_F_20_an_order_is_given_once_whatever_breaks(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        for number, fault in enumerate(("cut", "cut-after-accept"), 1):
            await running.faults(fault)
            values, key = order(f"SO-{number}", "SKU-1", "1"), f"key-{number}"
            assert isinstance(await running.caller.call("wms.orders.create", values, key), Later)
            # It is fetched before anybody asks what became of the call.
            await running.control("POST", "pass", {"seconds": 3600})
            for _ in range(2):
                assert isinstance(await running.caller.through("wms.orders.create", values, key), Done)
            await running.control("POST", "pass", {"seconds": 7200})
            state = await running.state()
            assert (state["order"], state.get("again", 0)) == (number, 0), fault
        assert (await running.state())["stock"]["SKU-1"] == 4998


async def test_a_file_that_is_no_order_is_put_aside(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        root = next(tmp_path.glob("*.files"))  # noqa: ASYNC240
        (root / "in" / "other.txt").write_text("HW9\r\nDSO-1\r\nT000001\r\n")
        await running.control("POST", "pass", {"seconds": 3600})
        assert (root / "in" / "rejected" / "other.txt").exists()
        assert "order" not in await running.state()
