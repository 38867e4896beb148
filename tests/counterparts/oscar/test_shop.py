"""The connector against a real shop of django-oscar."""

from __future__ import annotations

from typing import Any

import pytest

from services.engine.functions import Answer, Done, Failed, Later
from template_library.records import registry
from tests.counterparts.calling import Caller
from tests.counterparts.oscar.conftest import Buyer
from tests.counterparts.oscar.install import STAFF, VERSION
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.recording import Recording

pytestmark = pytest.mark.certifies("django-oscar")
LIST, GET, FULFIL, CUSTOMER = "shop.orders.list", "shop.orders.get", "shop.orders.fulfil", "shop.customers.get"
FIND, INVOICE = "shop.orders.find", "shop.orders.invoice"
RIGHTS = "django-oscar.rights.list"
CHARGED = {"invoice": "INV-1", "issued_on": "2026-01-16"}


def refused(answer: Answer) -> Any:
    assert isinstance(answer, Failed), answer
    return answer.error


async def found(shop: Caller, number: str) -> dict[str, Any]:
    """What the list says of the order with this number."""
    listed = await shop.done(LIST, {})
    (one,) = (one for one in listed["orders"] if one["number"] == number)
    return dict(one)


async def shipping(shop: Caller, number: str, **more: Any) -> dict[str, Any]:
    """The input of a shipment of the whole order."""
    listed = await found(shop, number)
    order = (await shop.done(GET, {"id": listed["id"]}))["order"]
    lines = [{"line": one["line"], "quantity": one["quantity"]["value"]} for one in order["lines"]]
    return {"id": listed["id"], "shipment": f"SHP-{number}", "lines": lines, **more}


async def test_an_order_becomes_a_record_with_exact_amounts(shop: Caller, buyer: Buyer) -> None:
    number = await buyer.order(SKU_1=3, SKU_2=7)
    listed = await found(shop, number)
    assert listed["state"] == "captured"
    read = await shop.done(GET, {"id": listed["id"]})
    order = read["order"]
    assert registry.check("sales-order", 1, order) == []
    assert (order["number"], order["currency"], order["totals"]["total"]["amount"]) == (
        number,
        "USD",
        3 * 1999 + 7 * 35,
    )
    first, second = order["lines"]
    assert (first["item"]["id"], first["quantity"]) == ("SKU-1", {"value": "3", "unit": "EA"})
    assert first["unit_price"] == {"amount": 5997, "currency": "USD", "per": {"value": "3", "unit": "EA"}}
    assert second["net"] == {"amount": 245, "currency": "USD"}
    assert order["ship_to"]["address"]["country"] == "US"

    customer = await shop.done(CUSTOMER, {"id": order["customer"]["id"]})
    assert customer["customer"]["contacts"] == [{"email": "buyer@shop.example"}]
    assert await shop.done(GET, {"id": "999999"}) == {"found": False, "order": None, "payments": []}
    assert await shop.done(CUSTOMER, {"id": "999999"}) == {"found": False, "customer": None}


async def test_the_cursor_leaves_none_out_over_several_pages(shop: Caller, buyer: Buyer) -> None:
    numbers = [await buyer.order(SKU_2=1) for _ in range(5)]
    first = await shop.done(LIST, {})
    assert numbers == [one["number"] for one in first["orders"] if one["number"] in numbers]
    newest = await buyer.order(SKU_2=2)
    later = await shop.done(LIST, {"cursor": first["cursor"]})
    assert later["orders"] == [*first["orders"], later["orders"][-1]], "the last fifty come once more"
    assert later["orders"][-1]["number"] == newest
    assert int(later["cursor"]) == int(first["cursor"]) + 1


async def test_a_shipment_is_told_once_and_not_beyond_what_was_ordered(shop: Caller, buyer: Buyer, key: str) -> None:
    values = await shipping(shop, await buyer.order(SKU_1=2), carrier="Example Parcel", tracking="TRACK-1")
    told = await shop.done(FULFIL, values, key)
    assert await shop.done(FULFIL, values, "another run tells the same") == told
    error = refused(await shop.call(FULFIL, {**values, "shipment": "SHP-more"}))
    assert error.status == 409
    error = refused(await shop.call(FULFIL, {**values, "id": "999999", "shipment": "SHP-x"}))
    assert error.status == 404


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned", "lock-503"])
async def test_F_03_a_shipment_whose_answer_is_lost_is_told_once(
    shop: Caller, proxy: Proxy, buyer: Buyer, key: str, fault: Fault
) -> None:
    number = await buyer.order(SKU_1=4)
    whole = await shipping(shop, number)
    half = {**whole, "lines": [{**whole["lines"][0], "quantity": "2"}]}
    proxy.once("POST /api/admin/orders/", fault)
    assert isinstance(await shop.call(FULFIL, half, key), Later)
    await proxy.settle()
    answers = [await shop.through(FULFIL, half, key) for _ in range(2)]
    assert proxy.met == 1
    assert isinstance(answers[0], Done)
    assert answers[0] == answers[1]
    # Were it told twice, nothing would be left of the order for the other half.
    assert isinstance(await shop.call(FULFIL, {**half, "shipment": "SHP-rest"}), Done)


async def test_an_order_is_found_by_its_number_on_whichever_page_it_is(shop: Caller, buyer: Buyer) -> None:
    first = await buyer.order(SKU_2=1)
    last = [await buyer.order(SKU_2=1) for _ in range(5)][-1]
    for number in (first, last):
        found = await shop.done(FIND, {"number": number})
        assert (await shop.done(GET, found))["order"]["number"] == number
    assert await shop.done(FIND, {"number": "none"}) == {"id": None}


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned", "lock-503"])
async def test_F_03_an_invoice_whose_answer_is_lost_is_told_once(
    shop: Caller, proxy: Proxy, buyer: Buyer, key: str, fault: Fault
) -> None:
    values = {**CHARGED, **await shop.done(FIND, {"number": await buyer.order(SKU_1=1)})}
    proxy.once("POST /api/admin/orders/", fault)
    assert isinstance(await shop.call(INVOICE, values, key), Later)
    await proxy.settle()
    told = await shop.through(INVOICE, values, key)
    assert isinstance(told, Done)
    assert told.output == await shop.done(INVOICE, values, "another run tells the same")
    assert proxy.met == 1
    error = refused(await shop.call(INVOICE, {**values, "id": "999999"}))
    assert error.status == 404


async def test_what_a_superuser_may_see_that_nothing_needs_is_found(shop: Caller) -> None:
    assert await shop.done(RIGHTS, {}) == []
    shop.change(user="owner@shop.example", secrets={"password": "owner-pass"})
    assert await shop.done(RIGHTS, {}) == ["partner.view_partner"]


async def test_refusals_say_what_to_change(shop: Caller, port: int) -> None:
    shop.change(secrets={"password": "canary-no-such-password"})
    answer = await shop.call(LIST, {})
    assert (refused(answer).type.rpartition("/")[2], refused(answer).status) == ("authentication", 401)
    assert "`password`" in refused(answer).detail
    assert "canary" not in repr(answer)
    shop.change(user="buyer@shop.example", secrets={"password": "buyer-pass"})
    error = refused(await shop.call(LIST, {}))
    assert (error.status, "order.view_order" in error.detail) == (403, True)
    shop.change(base_url=f"http://127.0.0.1:{port}/elsewhere")
    assert "`base_url`" in refused(await shop.call(LIST, {})).detail


async def test_what_it_answers_is_what_the_declared_tests_play(shop: Caller, buyer: Buyer) -> None:
    number = await buyer.order(SKU_1=3, SKU_2=7)
    listed = await found(shop, number)
    recording = Recording(shop, {"user": STAFF})
    await recording.call("an order becomes a record", GET, {"id": listed["id"]})
    await recording.call("an unknown order", GET, {"id": "999999"})
    values = await shipping(shop, number, carrier="Example Parcel", tracking="TRACK-1")
    await recording.call("a shipment is told", FULFIL, values)
    await recording.call("the same once more", FULFIL, values)
    await recording.call("more than was ordered", FULFIL, {**values, "shipment": "SHP-more"})
    await recording.call("an order is found by its number", FIND, {"number": number})
    charged = {"id": listed["id"], **CHARGED}
    await recording.call("an invoice is told", INVOICE, charged)
    await recording.call("the same invoice once more", INVOICE, charged)
    await recording.call("a customer", CUSTOMER, {"id": "2"})
    await recording.call("rights that nothing needs", RIGHTS, {})
    recording.write(VERSION)
