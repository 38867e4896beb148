"""How far orders are, as three ERPs of different shapes tell it in their own words, and one state model has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from infra import egress
from services.connectors.declared.connector import Declared
from services.engine.expressions.evaluator import Expressions
from services.records.folding import Sight, course
from tests.services.connectors.simulators.beside import Beside, beside

WATCH: Final = "erp.sales-orders.watch"
FIRST: Final = {"erp": "CONFIRMED", "odata": "Confirmed", "rpc": "N"}
"""The status of an order that was just placed."""
OF_LINES: Final = {"erp", "odata"}
"""ERPs whose lines have statuses of their own."""
PLACED: Final = {
    "reference": "PO-1",
    "customer": "ACME-001",
    "currency": "USD",
    "lines": [
        {"item": "SKU-1", "quantity": 3, "unit_price": {"amount": 1299, "currency": "USD"}},
        {"item": "SKU-2", "quantity": "2", "unit_price": {"amount": 2450, "currency": "USD"}},
    ],
}


class Erp:
    """`states`: of orders, by the ERP's own status."""

    def __init__(self, name: str, running: Beside) -> None:
        self.name, self._running, self.cursor = name, running, "1"
        document = running.caller.connector.document
        assert document.order_states is not None
        self.states: Mapping[str, str | None] = document.order_states.states

    async def place(self, **changes: Any) -> str:
        made = await self._running.caller.done("erp.sales-orders.create", PLACED | changes)
        return str(made["number"])

    def move(self, status: str, reference: str = "PO-1", **lines: str) -> None:
        """Somebody gives the sale this status, and lines by their number theirs."""
        by_line = {name.removeprefix("line"): one for name, one in lines.items()}
        sale = {"reference": reference, "status": status, "lines": by_line}
        self._running.system.learn({"sales": [sale]})

    def own(self, state: str) -> str:
        """A status of its own for this state."""
        return next(status for status, stands in self.states.items() if stands == state)

    async def ask(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._running.caller.done(WATCH, {"cursor": self.cursor})
        self.cursor = found["cursor"]
        return found


@pytest.fixture(params=sorted(FIRST))
async def erp(
    request: pytest.FixtureRequest, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> AsyncIterator[Erp]:
    async with beside(request.param, tmp_path, client, evaluator) as running:
        assert isinstance(running.caller.connector, Declared)
        yield Erp(request.param, running)


async def test_each_status_stands_for_its_state_and_each_change_is_told(erp: Erp) -> None:
    number = await erp.place()
    (sale,) = (await erp.ask())["sales"]
    assert (sale["sale"], sale["order"]["number"], sale["order"]["state"]) == (number, "PO-1", "released")
    assert sale["order"]["lines"][1]["unit_price"]["amount"] == 2450
    versions = {sale["version"]}
    for status, state in erp.states.items():
        erp.move(status)
        (sale,) = (await erp.ask())["sales"]
        assert (status, sale["order"]["state"]) == (status, state)
        versions.add(sale["version"])
    assert len(versions) == len(erp.states) + 1
    assert (await erp.ask())["sales"] == []


async def test_a_line_has_a_state_of_its_own_where_the_erp_says_one(erp: Erp) -> None:
    await erp.place()
    erp.move(erp.own("backordered"), line1=erp.own("shipped"), line2=erp.own("backordered"))
    (sale,) = (await erp.ask())["sales"]
    states = [one.get("state") for one in sale["order"]["lines"]]
    assert states == (["shipped", "backordered"] if erp.name in OF_LINES else [None, None])


async def test_a_status_that_stands_for_no_state_is_told_and_keeps_no_other_back(erp: Erp) -> None:
    number = await erp.place()
    await erp.place(reference="PO-2")
    erp.move("Teleported")
    told = await erp.ask()
    assert [one["order"]["number"] for one in told["sales"]] == ["PO-2"]
    (unfit,) = told["unfit"]
    assert (unfit["id"], unfit["status"]) == (number, "Teleported")
    erp.move(erp.own("shipped"))
    told = await erp.ask()
    assert [one["order"]["state"] for one in told["sales"]] == ["shipped"], "nothing of it was lost"
    assert "unfit" not in told


async def test_nor_does_such_a_status_of_a_line(erp: Erp) -> None:
    if erp.name not in OF_LINES:
        return
    number = await erp.place()
    erp.move(erp.own("released"), line2="Lost")
    (unfit,) = (await erp.ask())["unfit"]
    assert (unfit["id"], unfit["status"]) == (number, "Lost")
    assert "line 2" in unfit["why"]


async def test_what_cannot_follow_is_refused_by_the_one_state_model(erp: Erp) -> None:
    await erp.place()
    sights = []
    for minute, state in enumerate(("released", "shipped", "cancelled")):
        erp.move(erp.own(state))
        (sale,) = (await erp.ask())["sales"]
        at = f"2026-03-02T09:{minute:02}:00Z"
        sights.append(Sight(at, sale["version"], erp.name, {"": sale["order"]["state"]}))
    found = course(sights)
    assert found.states == {"": "shipped"}
    (refused,) = found.refused.values()
    assert (refused.cause, refused.present, refused.wanted) == ("forbidden-transition", "shipped", "cancelled")


async def test_more_sales_than_one_answer_has_are_told_by_the_next_ones(erp: Erp) -> None:
    cursors, numbers = [], list[str]()
    seeded = {"customer": "ACME-001", "currency": "USD", "lines": [{"item": "SKU-1", "quantity": "1", "unit_price": 1}]}
    many = [{**seeded, "number": f"SO-{one}", "reference": f"PO-{one}"} for one in range(2000, 2150)]
    erp._running.system.learn({"sales": many})
    for _ in range(2):
        told = await erp.ask()
        cursors.append((len(told["sales"]), told["more"]))
        numbers += [one["sale"] for one in told["sales"]]
    assert cursors == [(100, True), (50, False)]
    assert numbers == [one["number"] for one in many]
