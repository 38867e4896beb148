"""The simulated warehouse that speaks files, by its connector: orders out, confirmations and counts in, hourly."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra import egress
from services.connectors.sdk.watching import Item, News, Position, Unfit
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Done, Failed, Later
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


def told(found: News) -> list[tuple[str, str, str | None]]:
    return [(one.id, one.version, one.time) for one in found.items if isinstance(one, Item)]


def wrong(found: News) -> list[str]:
    return [one.detail for one in found.items if isinstance(one, Unfit)]


async def hour(running: Beside, *faults: str, **members: Any) -> None:
    """The next full hour, with what goes wrong in it."""
    await running.faults(*faults, **members)
    await running.control("POST", "pass", {"seconds": 3600})


async def test_a_file_that_comes_twice_late_or_behind_the_next_tells_the_same_once(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        await running.caller.done("wms.orders.create", order("SO-1", "SKU-1", "1"))
        await hour(running)
        await running.caller.done("wms.orders.create", order("SO-2", "SKU-1", "2"))
        await hour(running, "duplicate", "duplicate")
        first, counted = await news(running, "shipments"), await news(running, "counts")
        assert (len(told(first)), len(set(told(first))), wrong(first)) == (2, 1, [])
        assert (len(told(counted)), len(set(told(counted)))) == (3, 2), "the first hour's, and the second's twice"
        await hour(running, "late", "out-of-order", late_seconds=1800)
        late, behind = await news(running, "shipments", first.cursor), await news(running, "counts", counted.cursor)
        assert (told(late), told(behind)) == ([], [])
        await running.control("POST", "pass", {"seconds": 1800})
        assert [one[2] for one in told(await news(running, "shipments", late.cursor))] == ["2026-03-02T11:00:00Z"]
        await running.control("POST", "pass", {"seconds": 1800})
        next_one = await news(running, "counts", behind.cursor)
        await running.control("POST", "pass", {"seconds": 1800})
        last = await news(running, "counts", next_one.cursor)
        times = [one[2] for one in (*told(next_one), *told(last))]
        assert times == ["2026-03-02T12:00:00Z", "2026-03-02T11:00:00Z"], "each of its own hour"


async def test_half_a_file_and_one_of_another_form_are_told_and_keep_nothing_back(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        await running.caller.done("wms.orders.create", order("SO-1", "SKU-1", "1"))
        await hour(running)
        await running.caller.done("wms.orders.create", order("SO-2", "SKU-1", "2"))
        before = await news(running, "counts")
        await hour(running, "truncated", "truncated")
        half, counted = await news(running, "shipments"), await news(running, "counts", before.cursor)
        assert (told(half), told(counted)) == ([], [])
        assert "CONF-202603021000.txt" in wrong(half)[0]
        assert "COUNT-20260302-1000.csv" in wrong(counted)[0]
        await hour(running, "drift", "drift")
        whole, again = await news(running, "shipments", half.cursor), await news(running, "counts", counted.cursor)
        assert [one[2] for one in told(whole)] == ["2026-03-02T10:00:00Z"], "the whole one has come"
        assert [one[2] for one in told(again)] == ["2026-03-02T10:00:00Z"]
        assert any("CONF-202603021100.txt, line 2" in one for one in wrong(whole)), wrong(whole)
        assert any("COUNT-20260302-1100.csv" in one and "counted" in one for one in wrong(again)), wrong(again)
        await hour(running)
        assert [one[2] for one in told(await news(running, "counts", again.cursor))] == ["2026-03-02T12:00:00Z"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("busy", "communication"),
        ("expired", "authentication"),
        ("forbidden", "authorization"),
        ("full", "communication"),
    ],
)
async def test_who_is_not_let_in_or_may_not_write_is_told_and_the_order_is_given_once(
    fault: str, kind: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        await running.faults(fault)
        answer = await running.caller.call("wms.orders.create", order("SO-1", "SKU-1", "1"), "key-1")
        assert isinstance(answer, Later if fault == "busy" else Failed), answer
        assert answer.error.type.endswith(f"/{kind}"), answer
        assert (await running.caller.done("files.list", {}))["files"] == [], "nothing is left of it"
        done = await running.caller.through("wms.orders.create", order("SO-1", "SKU-1", "1"), "key-1")
        assert isinstance(done, Done), done
        await hour(running)
        assert (await running.state())["order"] == 1


async def test_rates_hold_for_files_as_for_requests(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside(NAME, tmp_path, client, evaluator) as running:
        await running.faults(forbidden=1.0)
        for number in (1, 2):
            answer = await running.caller.call("wms.orders.create", order("SO-1", "SKU-1", "1"), f"key-{number}")
            assert isinstance(answer, Failed), answer
        await running.faults()
        await running.caller.done("wms.orders.create", order("SO-1", "SKU-1", "1"))
