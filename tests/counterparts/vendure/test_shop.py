"""The connector against a real Vendure shop."""

from __future__ import annotations

from typing import Any

import pytest

from infra.egress import Client
from services.engine.functions import Answer, Done, Failed, Later
from template_library.records import registry
from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.recording import Recording
from tests.counterparts.vendure.crowd import Crowd
from tests.counterparts.vendure.install import VERSION
from tests.counterparts.vendure.people import bought, wide_key

pytestmark = pytest.mark.certifies("vendure")
LIST, GET, FULFIL, CUSTOMER = "shop.orders.list", "shop.orders.get", "shop.orders.fulfil", "shop.customers.get"
SHIP, FIND, INVOICE = "shop.fulfilments.ship", "shop.orders.find", "shop.orders.invoice"
RIGHTS = "vendure.rights.list"
CHARGED = {"invoice": "INV-1", "issued_on": "2026-01-16"}


def refused(answer: Answer) -> Any:
    assert isinstance(answer, Failed), answer
    return answer.error


async def buy(client: Client, port: int, quantity: int) -> str:
    return await bought(client, f"http://127.0.0.1:{port}", quantity)


async def shipping(shop: Caller, order: str, quantity: int, shipment: str) -> dict[str, Any]:
    """The input of a shipment of so many."""
    (line,) = (await shop.done(GET, {"id": order}))["order"]["lines"]
    lines = [{"line": line["line"], "quantity": str(quantity)}]
    return {"id": order, "shipment": shipment, "carrier": "Example Parcel", "tracking": "TRACK-1", "lines": lines}


async def test_an_order_and_its_payment_become_records(shop: Caller, client: Client, port: int) -> None:
    order_id = await buy(client, port, 3)
    read = await shop.done(GET, {"id": order_id})
    order, (payment,) = read["order"], read["payments"]
    assert registry.check("sales-order", 1, order) == []
    total = 3 * 1999 + 435 + 500  # with 7.25 percent, half up, and the shipping
    assert (order["state"], order["totals"]["total"]) == ("validated", {"amount": total, "currency": "USD"})
    assert order["lines"][0]["unit_price"] == {"amount": 1999, "currency": "USD", "per": {"value": "1", "unit": "EA"}}
    assert order["taxes"][0]["percent"] == "7.25"
    assert (payment["status"], payment["total"]["amount"]) == ("posted", total)
    customer = (await shop.done(CUSTOMER, {"id": order["customer"]["id"]}))["customer"]
    assert (customer["name"], customer["contacts"]) == ("Ann Buyer", [{"email": "ann@buyer.example"}])
    assert await shop.done(GET, {"id": "999999"}) == {"found": False, "order": None, "payments": []}
    assert await shop.done(CUSTOMER, {"id": "999999"}) == {"found": False, "customer": None}


async def test_the_cursor_leaves_none_out(shop: Caller, client: Client, port: int) -> None:
    first = [await buy(client, port, 1) for _ in range(2)]
    listed = await shop.done(LIST, {})
    assert set(first) <= {one["id"] for one in listed["orders"]}
    newest = await buy(client, port, 1)
    later = await shop.done(LIST, {"cursor": listed["cursor"]})
    assert later["orders"][-1]["id"] == newest
    assert (await shop.done(LIST, {"cursor": "2100-01-01T00:00:00Z"}))["orders"] == []


async def test_what_changes_between_two_pages_leaves_none_out(
    shop: Caller, proxy: Proxy, client: Client, port: int, crowd: Crowd
) -> None:
    codes = crowd.of(await buy(client, port, 1), 250)
    asked: list[bytes] = []

    def decide(request: bytes) -> None:
        asked.append(request)
        if len(asked) == 2:  # behind the first page, on which it stands
            crowd.change(codes[0])

    proxy.decide = decide
    listed = await shop.done(LIST, {"cursor": "2029-12-31T00:00:00Z"})
    told = [one["number"] for one in listed["orders"]]
    assert set(told) == set(codes)
    assert len(asked) == 3
    assert len(told) <= 251, "but for the one that changed each once"
    proxy.decide = lambda _request: None
    crowd.put(codes[1], "Teleported")
    listed = await shop.done(LIST, {"cursor": "2029-12-31T00:00:00Z"})
    assert {one["number"] for one in listed["orders"]} == {*codes} - {codes[1]}
    assert [(one["id"], one["status"]) for one in listed["unfit"]] == [(codes[1], "Teleported")]


async def test_a_shipment_is_told_once_and_not_beyond_what_was_ordered(
    shop: Caller, client: Client, port: int, key: str
) -> None:
    order = await buy(client, port, 2)
    values = await shipping(shop, order, 2, "SHP-1")
    told = await shop.done(FULFIL, values, key)
    assert await shop.done(FULFIL, values, "another run tells the same") == told
    assert refused(await shop.call(FULFIL, {**values, "shipment": "SHP-2"})).status == 409
    for _ in range(2):
        assert (await shop.done(SHIP, {**told, "id": order}))["state"] == "Shipped"
    assert (await shop.done(GET, {"id": order}))["order"]["state"] == "shipped"


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned", "lock-503"])
async def test_F_03_a_shipment_whose_answer_is_lost_is_told_once(
    shop: Caller, proxy: Proxy, client: Client, port: int, key: str, fault: Fault
) -> None:
    order = await buy(client, port, 4)
    half = await shipping(shop, order, 2, f"SHP-{key}")
    proxy.once("addFulfillmentToOrder", fault)
    assert isinstance(await shop.call(FULFIL, half, key), Later)
    await proxy.settle()
    answers = [await shop.through(FULFIL, half, key) for _ in range(2)]
    assert proxy.met == 1
    assert isinstance(answers[0], Done)
    assert answers[0] == answers[1]
    # Were it told twice, nothing would be left of the order for the other half.
    assert isinstance(await shop.call(FULFIL, {**half, "shipment": "SHP-rest"}), Done)


async def test_an_order_is_found_by_its_number(shop: Caller, client: Client, port: int) -> None:
    order = await buy(client, port, 1)
    number = (await shop.done(GET, {"id": order}))["order"]["number"]
    assert await shop.done(FIND, {"number": number}) == {"id": order}
    assert await shop.done(FIND, {"number": "none"}) == {"id": None}


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned", "lock-503"])
async def test_F_03_an_invoice_whose_answer_is_lost_is_told_once(
    shop: Caller, proxy: Proxy, client: Client, port: int, key: str, fault: Fault
) -> None:
    values = {**CHARGED, "id": await buy(client, port, 1)}
    proxy.once("AddNoteToOrderInput", fault)
    assert isinstance(await shop.call(INVOICE, values, key), Later)
    await proxy.settle()
    told = await shop.through(INVOICE, values, key)
    assert isinstance(told, Done)
    assert told.output == await shop.done(INVOICE, values, "another run tells the same")
    assert proxy.met == 1
    assert isinstance(await shop.call(INVOICE, {**values, "id": "999999"}), Failed)


async def test_what_a_key_may_see_that_nothing_needs_is_found(shop: Caller, client: Client, port: int) -> None:
    assert await shop.done(RIGHTS, {}) == []
    shop.change(secrets={"key": await wide_key(client, f"http://127.0.0.1:{port}")})
    more = ["ReadAdministrator", "ReadChannel", "ReadPaymentMethod", "ReadShippingMethod"]
    assert sorted(await shop.done(RIGHTS, {})) == more


async def test_refusals_say_what_to_change(shop: Caller, keys: tuple[str, str], port: int) -> None:
    shop.change(secrets={"key": "canary-no-such-key"})
    answer = await shop.call(LIST, {})
    assert refused(answer).type.endswith("/authentication")
    assert "Look at the secret `key`" in refused(answer).detail
    assert "canary" not in repr(answer)
    shop.change(secrets={"key": keys[1]})
    assert "ReadOrder" in refused(await shop.call(LIST, {})).detail
    shop.change(base_url=f"http://127.0.0.1:{port}/elsewhere", secrets={"key": keys[0]})
    assert isinstance(await shop.call(LIST, {}), Failed)


async def test_what_it_answers_is_what_the_declared_tests_play(shop: Caller, client: Client, port: int) -> None:
    order = await buy(client, port, 3)
    recording = Recording(shop, {})
    await recording.call("an order and its payment become records", GET, {"id": order})
    await recording.call("an unknown order", GET, {"id": "999999"})
    values = await shipping(shop, order, 3, "SHP-7")
    made = await recording.call("a shipment is told", FULFIL, values)
    await recording.call("the same once more", FULFIL, values)
    await recording.call("more than was ordered", FULFIL, {**values, "shipment": "SHP-8"})
    await recording.call("it has left", SHIP, {**made, "id": order})
    number = (await shop.done(GET, {"id": order}))["order"]["number"]
    await recording.call("an order is found by its number", FIND, {"number": number})
    await recording.call("an invoice is told", INVOICE, {"id": order, **CHARGED})
    await recording.call("the same invoice once more", INVOICE, {"id": order, **CHARGED})
    await recording.call("a customer", CUSTOMER, {"id": "1"})
    await recording.call("rights that nothing needs", RIGHTS, {})
    recording.write(VERSION)
