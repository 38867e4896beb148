"""Records are made of what systems say: exact amounts, nothing padded or empty, and held to their schemas."""

from __future__ import annotations

from typing import Any

import pytest

from services.connectors.capabilities import listing
from services.connectors.capabilities.contracts import contracts
from services.connectors.capabilities.records import completed, each
from template_library.dsl.schemas import compile_schema
from template_library.records import registry

CUSTOMER = {"id": " 7 ", "name": "Acme Wholesale", "status": "active"}
SHIPMENT = {
    "number": "SHP-1",
    "status": "dispatched",
    "orders": [{"number": "PO-1"}],
    "lines": [{"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "2", "unit": "EA"}}],
}


def price(units: Any, currency: str = "USD", **parts: Any) -> Any:
    line = {
        "line": "1",
        "item": {"id": "SKU-1"},
        "quantity": {"value": "2", "unit": "EA"},
        "unit_price": {"units": units, "currency": currency, "per": {"value": "1", "unit": "EA"}, **parts},
    }
    order = {
        "number": "1001",
        "state": "captured",
        "ordered_at": "2026-01-15T09:29:58Z",
        "customer": {"id": "7"},
        "currency": currency,
        "lines": [line],
    }
    return completed({}, {"order": order})["order"]["lines"][0]["unit_price"]


@pytest.mark.parametrize(
    ("units", "currency", "amount", "per"),
    [
        ("12.99", "USD", 1299, "1"),
        ("19.990", "USD", 1999, "1"),
        (1299, "JPY", 1299, "1"),
        ("1.299", "KWD", 1299, "1"),
        ("0.0125", "USD", 125, "100"),
    ],
)
def test_a_price_is_exact_in_minor_units(units: Any, currency: str, amount: int, per: str) -> None:
    found = price(units, currency)
    assert (found["amount"], found["per"]) == (amount, {"value": per, "unit": "EA"})


def test_who_counts_in_hundredths_says_so() -> None:
    assert price(1299, places=2)["amount"] == 1299
    assert price(129900, "JPY", places=2)["amount"] == 1299


def test_what_is_padded_null_or_empty_leaves_no_trace() -> None:
    given = {**CUSTOMER, "currency": None, "address": {"city": ""}, "extension": {"kept": None}}
    expected = {"id": "7", "name": "Acme Wholesale", "status": "active", "extension": {"kept": None}}
    assert completed({}, {"customer": given, "found": True}) == {"customer": expected, "found": True}
    assert completed({}, {"customer": None}) == {"customer": None}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"customer": {**CUSTOMER, "status": "asleep"}}, "maps to no customer"),
        ({"customer": {"name": "x"}}, "maps to no customer"),
        ({"payments": [{"number": "1", "total": {"units": "12.995", "currency": "USD"}}]}, "beyond the minor unit"),
        ({"payments": [{"number": "1", "total": {"units": "1e3", "currency": "USD"}}]}, "no decimal number"),
        ({"payments": [{"number": "1", "total": {"units": "1", "currency": "XXX"}}]}, "no currency"),
    ],
)
def test_what_is_no_record_is_none(given: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        completed({}, given)


def test_contracts_hold_the_records_that_they_name() -> None:
    contract = contracts()["shop.orders.get"]
    order = registry.examples("sales-order", 1)["from-the-shop"]
    validator = compile_schema(contract.output)
    assert validator.is_valid({"found": True, "order": order, "payments": []})
    assert not validator.is_valid({"found": True, "order": {**order, "colour": "red"}, "payments": []})


def test_of_a_list_each_record_is_judged_by_itself() -> None:
    wrong = {"number": "SHP-2", "status": "dispatched", "lines": "none of this may be shown"}
    facts = {"shipments": [wrong, SHIPMENT], "cursor": "7"}
    found = each({}, facts)
    assert found == {
        "shipments": [SHIPMENT],
        "cursor": "7",
        "unfit": [{"id": "SHP-2", "why": found["unfit"][0]["why"]}],
    }
    assert "/lines" in found["unfit"][0]["why"]
    assert "none of this" not in found["unfit"][0]["why"]
    with pytest.raises(ValueError, match="no shipment"):
        completed({}, facts)
    assert "unfit" not in each({}, {"shipments": [SHIPMENT]})
    output = compile_schema(contracts()["erp.shipments.watch"].output)
    assert output.is_valid(found)


def test_of_a_shop_s_orders_one_in_an_unknown_status_keeps_no_other_back() -> None:
    order = {"id": "1", "number": "1001", "at": "2026-01-15T09:29:58Z", "status": "paid", "state": "validated"}
    lost = {**order, "number": "1002", "status": "teleported", "state": None}
    found = listing.completed({}, {"orders": [lost, order, {**order, "number": None}], "cursor": None})
    assert found["orders"] == [{name: value for name, value in order.items() if name != "status"}]
    assert [(one["id"], one.get("status")) for one in found["unfit"]] == [("1002", "teleported"), ("1", None)]
    contract = contracts()["shop.orders.list"]
    assert compile_schema(contract.output).is_valid(found)
    assert contract.facts is not None
    assert compile_schema(contract.facts).is_valid({"orders": [lost, order], "cursor": None})
