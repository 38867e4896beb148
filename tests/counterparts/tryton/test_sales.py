"""How far sales are, as a real Tryton says it, from the draft to the invoice: each of its states stands for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra import clock
from services.connectors.builtin.tryton import states
from services.connectors.builtin.tryton.place import Place
from services.engine.functions import Done
from template_library import status_maps
from tests.counterparts.tryton.conftest import BOTH, Erp
from tests.counterparts.tryton.people import People

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
WATCH = "erp.sales-orders.watch"


async def told(erp: Erp, number: str) -> tuple[str, list[str | None]] | None:
    """The states of the order and of its lines; None: nothing is told of it."""
    cursor: str | None = Place(clock.now() - timedelta(minutes=30)).text()
    found: list[dict[str, Any]] = []
    while cursor is not None:
        answer = await erp.call(WATCH, {"cursor": cursor})
        assert isinstance(answer, Done), answer
        found += [one["order"] for one in answer.output["sales"] if one["order"]["number"] == number]
        cursor = answer.output["cursor"] if answer.output.get("more") else None
    last = found[-1:]
    return next(((one["state"], [line.get("state") for line in one["lines"]]) for one in last), None)


async def sold(erp: Erp, order: Any) -> str:
    number = f"PO-{uuid4().hex[:8]}"
    assert isinstance(await erp.create(order | {"reference": number}, uuid4().hex), Done)
    return number


async def test_a_sale_goes_its_way_from_confirmed_to_charged(erp: Erp, order: Any) -> None:
    people = People(erp.client, erp._port)
    number = await sold(erp, order)
    assert await told(erp, number) == ("released", ["released", "released"])
    ((shipment,),) = [one["shipments"] for one in await people.sales(number)]
    for step, state in (("assign_try", "allocated"), ("pick", "picked"), ("pack", "packed")):
        await people._rpc.model(f"stock.shipment.out.{step}", [shipment])
        assert await told(erp, number) == (state, [state] * 2), step
    await people._rpc.model("stock.shipment.out.do", [shipment])
    assert await told(erp, number) == ("shipped", ["shipped"] * 2)
    await people.charge(number)
    assert await told(erp, number) == ("invoiced", ["shipped"] * 2)


async def test_what_is_shipped_has_left_before_it_is_done_and_is_delivered_then(erp: Erp, order: Any) -> None:
    """By `ship` the sale itself does not change: the watch tells it all the same, from a cursor behind all sales."""
    people = People(erp.client, erp._port)
    number = await sold(erp, order)
    ((shipment,),) = [one["shipments"] for one in await people.sales(number)]
    for step in ("assign_try", "pick", "pack"):
        await people._rpc.model(f"stock.shipment.out.{step}", [shipment])
    behind = {"cursor": Place(clock.now() - timedelta(milliseconds=1)).text()}
    for step, state, status in (("ship", "shipped", "dispatched"), ("do", "delivered", "delivered")):
        await people._rpc.model(f"stock.shipment.out.{step}", [shipment])
        answers = [await erp.call(operation, behind) for operation in (WATCH, "erp.shipments.watch")]
        sales, left = [answer.output for answer in answers if isinstance(answer, Done)]
        (sale,) = [one for one in sales["sales"] if one["order"]["number"] == number]
        assert sale["order"]["state"] == state
        assert [line["state"] for line in sale["order"]["lines"]] == [state] * 2
        (one,) = [one for one in left["shipments"] if one["orders"] == [{"number": number}]]
        assert (one["status"], len(one["lines"]), "delivered_at" in one) == (status, 2, state == "delivered")
        assert sale["at"] >= one["dispatched_at"]
    await people.charge(number)
    assert await told(erp, number) == ("invoiced", ["delivered"] * 2)


@pytest.mark.parametrize("steps", [{"confirm": "released"}, {"cancel": "cancelled"}])
async def test_a_draft_a_quotation_and_what_becomes_of_it(erp: Erp, order: Any, steps: dict[str, str]) -> None:
    """As a person makes it; a draft has no number yet, and is not told."""
    people, number = People(erp.client, erp._port), f"PO-{uuid4().hex[:8]}"
    (sample,) = await people.sales(await sold(erp, order))
    (copy,) = await people._rpc.model("sale.sale.copy", [sample["id"]])
    await people._rpc.model("sale.sale.write", [copy], {"reference": number})
    assert await told(erp, number) is None
    for step, state in {"quote": "captured", **steps}.items():
        await people._rpc.model(f"sale.sale.{step}", [copy])
        found = await told(erp, number)
        assert found is not None, step
        assert found[0] == state, step


async def test_the_maps_name_each_state_that_this_version_has(erp: Erp) -> None:
    """What Tryton's own fields list; one that a later version adds is seen here before a client's order is in it."""
    rpc = People(erp.client, erp._port)._rpc

    async def listed(model: str, field: str) -> set[str]:
        found = await rpc.model(f"{model}.fields_get", [field])
        return {str(one[0]) for one in found[field]["selection"]}

    sales = await listed("sale.sale", "state")
    shipments = await listed("stock.shipment.out", "state")
    seen = {one for one in sales if one != "processing"}
    seen |= {f"processing, {one}" for one in await listed("sale.sale", "shipment_state")}
    assert status_maps.faults(states.ORDERS, seen) == []
    assert status_maps.faults(states.LINES, shipments) == []
    charged = await listed("sale.sale", "invoice_state")
    assert charged == {"none", "pending", "awaiting payment", "partially paid", "paid", "exception"}
