"""`backorder-resolution` on a real Tryton: what is short is moved there from another warehouse, promised and set aside.

What people do in the ERP meanwhile, the test does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context
from services.engine.functions import Done, Failed
from template_library.scenarios import Reply, Scenario
from tests.counterparts.rehearsed import Act, Rehearsed, rehearse
from tests.counterparts.tryton.conftest import BOTH, TENANT, Erp

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
ITEM: Final = "SKU-3"
"""Of which there are 500 in the west and none here."""


class Short:
    """A sale of a real Tryton with a line that is short, and the hands of those who work there."""

    def __init__(self, erp: Erp) -> None:
        self.erp = erp
        self.order = ""
        self.line = ""
        self._rpc = Rpc(Context(erp.client, TENANT, erp.connection(erp._port), "k"), Sessions())

    async def sell(self, quantity: int) -> None:
        number = f"PO-{uuid4().hex[:8]}"
        lines = [{"item": ITEM, "quantity": quantity, "unit_price": {"amount": 420, "currency": "USD"}}]
        answer = await self.erp.create(
            {"reference": number, "customer": "OPEN-001", "currency": "USD", "lines": lines}, uuid4().hex
        )
        assert isinstance(answer, Done), answer
        self.order = answer.output["number"]
        read = await self.erp.call("erp.sales-orders.get", {"order": self.order})
        assert isinstance(read, Done), read
        (line,) = read.output["order"]["lines"]
        assert (line["item"]["id"], line["quantity"]["value"]) == (ITEM, str(quantity))
        self.line = line["line"]

    async def arrive(self, transfer: str) -> None:
        """What was asked for is taken there and put on the shelves here."""
        (shipment,) = await self._rpc.model(
            "stock.shipment.internal.search", [["number", "=", transfer]], 0, None, None
        )
        for step in ("assign_try", "pack", "ship", "do"):
            await self._rpc.model(f"stock.shipment.internal.{step}", [shipment])

    async def find(self, quantity: int) -> None:
        """So many more are found on the shelves here, and counted."""
        (storage,) = await self._rpc.model("stock.location.search", [["code", "=", "STO"]], 0, None, None)
        (product,) = await self._rpc.model(
            "product.product.search_read", [["code", "=", ITEM]], 0, None, None, ["quantity"], locations=[storage]
        )
        line = {"product": product["id"], "quantity": product["quantity"] + quantity}
        made = await self._rpc.model("stock.inventory.create", [{"location": storage, "lines": [["create", [line]]]}])
        await self._rpc.model("stock.inventory.confirm", made)

    async def transfers(self) -> list[dict[str, Any]]:
        domain = [["reference", "like", f"{self.order}/{self.line} #%"]]
        found: list[dict[str, Any]] = await self._rpc.model(
            "stock.shipment.internal.search_read", domain, 0, None, None, ["number", "state"]
        )
        return found

    async def promised(self) -> list[tuple[str, str]]:
        """Of the goods that leave by the line: the planned day, and how far those inside the warehouse are."""
        fields, leaves = ["planned_date"], [["origin", "=", f"sale.line,{self.line}"]]
        moves = await self._rpc.model("stock.move.search_read", leaves, 0, None, None, fields)
        days = ["{year}-{month:02}-{day:02}".format(**one["planned_date"]) for one in moves]
        inside = [["origin", "in", [f"stock.move,{one['id']}" for one in moves]]]
        states = await self._rpc.model("stock.move.search_read", inside, 0, None, None, ["state"])
        return list(zip(days, [one["state"] for one in states], strict=True))

    async def change(self, **change: Any) -> Any:
        asked = {"order": self.order, "line": self.line, "change": change}
        return await self.erp.call("erp.sales-orders.change", asked)

    async def resolved(self, scenario: Scenario, behind: Mapping[str, Act]) -> Rehearsed:
        real = {"erp": self.erp.connection(self.erp._port)}
        return await rehearse("backorder-resolution", scenario, self.erp.client, real, behind=behind)

    def scenario(self, quantity: int, **more: Any) -> Scenario:
        lines = [{"line": self.line, "item": ITEM, "quantity": str(quantity)}]
        return Scenario(
            name="on Tryton",
            expect=None,  # type: ignore[arg-type]  # what comes of it is asserted where it is asked for
            data={"number": self.order, "customer": "OPEN-001", "lines": lines},
            at=datetime(2026, 3, 2, 9, tzinfo=UTC),
            **more,
        )


@pytest.fixture
def short(erp: Erp) -> Short:
    return Short(erp)


async def test_what_another_warehouse_has_is_moved_once_promised_and_set_aside_while_workers_die(short: Short) -> None:
    await short.sell(30)
    assert await short.promised() != []

    async def arrives(made: dict[str, Any]) -> None:
        if [one["state"] for one in await short.transfers()] == ["waiting"]:
            await short.arrive(made["transfer"])

    ran = await short.resolved(short.scenario(30, restarts=True), {"erp.transfers.create": arrives})
    (moved,) = await short.transfers()
    assert (ran.output["by"], ran.output["made"], ran.output["rule"]) == ("transfer", moved["number"], True)
    assert moved["state"] == "done"
    assert await short.promised() == [(ran.output["date"], "assigned")]
    assert [one["type"] for one in ran.found["emitted"]] == ["order.changed", "order.allocated"]
    assert ran.found["tasks"] == []
    assert [one["status"] for one in ran.found["holds"]] == ["cleared"]


async def test_what_nobody_has_is_promised_as_a_person_says_and_set_aside_when_it_is_there(short: Short) -> None:
    await short.sell(5000)

    async def comes(_line: dict[str, Any]) -> None:
        if await short.promised() == [("2026-03-20", "draft")]:
            await short.find(5000)

    waits = Reply(outcome="wait", values={"promised_on": "2026-03-20"}, by="ola", roles=("order-desk",))
    scenario = short.scenario(5000, people={"backorder-proposal": (waits,)})
    ran = await short.resolved(scenario, {"erp.sales-orders.change": comes})
    assert (ran.output["by"], ran.output["date"], ran.output["made"]) == ("wait", "2026-03-20", None)
    assert await short.promised() == [("2026-03-20", "assigned")]
    assert [one["task"] for one in ran.found["tasks"]] == ["backorder-proposal"]
    assert await short.transfers() == []


async def test_what_is_for_people_is_refused_and_what_is_not_there_is_not_set_aside(short: Short) -> None:
    await short.sell(700)
    for one in ({"do": "split", "quantity": "1"}, {"do": "cancel", "reason": "late"}):
        refused = await short.change(**one)
        assert isinstance(refused, Failed)
        assert "in Tryton" in refused.error.detail
    refused = await short.change(do="allocate", rule="fifo")
    assert isinstance(refused, Failed)
    assert "not all is there" in refused.error.detail
    gone = await short.erp.call("erp.sales-orders.get", {"order": "NONE"})
    assert isinstance(gone, Done)
    assert gone.output == {"found": False, "order": None}
    unknown = {"reference": "x", "item": ITEM, "quantity": "1", "from": "NOWHERE", "to": "WH"}
    refused = await short.erp.call("erp.transfers.create", unknown)
    assert isinstance(refused, Failed)
    assert "no warehouse" in refused.error.detail
