"""The schemas of records hold together, take their examples and refuse what they say that they refuse."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from template_library import order_states
from template_library.records import registry
from template_library.records.registry import Refused, UnknownRecord

NAMES = [
    "carrier-service",
    "claim",
    "credit-note",
    "customer",
    "inventory-position",
    "invoice",
    "item",
    "item-instance",
    "location",
    "order-response",
    "payment",
    "payment-terms",
    "price-condition",
    "proof-of-delivery",
    "purchase-order",
    "receipt",
    "return-authorisation",
    "route",
    "sales-order",
    "shipment",
    "supplier",
    "tax-status",
    "unit-of-measure",
    "warehouse",
]
EACH = [(name, version) for name, versions in registry.names().items() for version in versions]
FOLDER = Path(registry.__file__).parent
RELEASED = {
    "carrier-service/1.schema.json": "aa3c28feabfcf88f",
    "claim/1.schema.json": "c96b376d410d2130",
    "credit-note/1.schema.json": "1114168d9d3fd891",
    "customer/1.schema.json": "00ff8febf35e485c",
    "inventory-position/1.schema.json": "52400448d08a8d49",
    "invoice/1.schema.json": "d06fb12469ed76a4",
    "item-instance/1.schema.json": "b9473a38109b9281",
    "item/1.schema.json": "a60f6551231e68c0",
    "location/1.schema.json": "642fa1299f9810c9",
    "order-response/1.schema.json": "fcbb1808a1922c2e",
    "parts/1.schema.json": "88184264404afbaa",
    "payment-terms/1.schema.json": "b194011a7f81431e",
    "payment/1.schema.json": "fb423d63db07bca5",
    "price-condition/1.schema.json": "871ec6214e898757",
    "proof-of-delivery/1.schema.json": "e2044d75624e3927",
    "purchase-order/1.schema.json": "74be94455a8f6847",
    "receipt/1.schema.json": "eb95e53a79ab57f6",
    "return-authorisation/1.schema.json": "6095018d3ae364d1",
    "route/1.schema.json": "6b4c4f528af5daac",
    "sales-order/1.schema.json": "7fda092c125989c3",
    "shipment/1.schema.json": "225914d7f4c9752b",
    "supplier/1.schema.json": "814648c74aa890d9",
    "tax-status/1.schema.json": "b337d539db5d3325",
    "unit-of-measure/1.schema.json": "07887ae327b6a4b7",
    "warehouse/1.schema.json": "b6df1cd7f6ca4f44",
}
"""A version that was released never changes: what differs is another version, with a line here."""


def test_there_are_these_records() -> None:
    assert list(registry.names()) == NAMES
    assert registry.newest("item") == 1


def test_a_released_version_never_changes() -> None:
    found = {
        f"{file.parent.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        for file in sorted(FOLDER.glob("*/*.schema.json"))
    }
    assert found == RELEASED


@pytest.mark.parametrize(("name", "version"), EACH)
def test_a_schema_is_of_its_draft_and_needs_nothing_outside_itself(name: str, version: int) -> None:
    document = registry.whole(name, version)
    jsonschema_rs.meta.validate(document)
    assert document["$id"] == registry.urn(name, version)
    assert document["description"].endswith(".")
    shown = {urn: set(one["$defs"]) for urn, one in registry.parts().items()}
    for found in _walk(document):
        urn, _, path = found.get("$ref", "").partition("#/$defs/")
        assert path in shown.get(urn, set(document["$defs"]) | shown["urn:record-schema:parts:1"] | {""})
        # Closed, so that a slip of the pen is found; what a client's systems know besides is an extension.
        assert found.get("type") != "object" or "additionalProperties" in found or "maxProperties" in found
        # Whatever is without end has one.
        assert found.get("type") != "array" or found["maxItems"] <= 10_000


def test_states_of_orders_are_those_of_the_one_model() -> None:
    assert registry.parts()["urn:record-schema:parts:1"]["$defs"]["order_state"]["enum"] == list(order_states.TITLES)


def test_formats_that_schemas_name_are_known() -> None:
    named = {
        found["format"] for name, version in EACH for found in _walk(registry.whole(name, version)) if "format" in found
    }
    assert named == {*registry.FORMATS, "date", "date-time"}


def test_terms_are_of_the_two_standards() -> None:
    terms = {
        found["x-term"] for name, version in EACH for found in _walk(registry.whole(name, version)) if "x-term" in found
    }
    assert all(re.fullmatch(r"GS1 (GTIN|GLN|SSCC)|UBL [A-Za-z]+(/[A-Za-z]+)*", one) for one in terms)
    assert len(terms) > 200


@pytest.mark.parametrize(("name", "version"), EACH)
def test_the_examples_are_valid(name: str, version: int) -> None:
    examples = registry.examples(name, version)
    assert len(examples) >= 2
    for title, record in examples.items():
        assert registry.check(name, version, record) == [], title


@pytest.mark.parametrize(
    ("name", "version", "one"),
    [(name, version, one) for name, version in EACH for one in registry.refused(name, version)],
    ids=lambda one: one.title if isinstance(one, Refused) else str(one),
)
def test_what_is_refused_is_named_and_nothing_else_is(name: str, version: int, one: Refused) -> None:
    record = copy.deepcopy(registry.examples(name, version)[one.of])
    for pointer, value in one.change.items():
        _put(record, pointer, value)
    found = registry.check(name, version, record)
    assert {breach.pointer for breach in found} == {one.at}
    assert any(one.says in breach.detail for breach in found), found


@pytest.mark.parametrize(("name", "version"), EACH)
def test_three_at_least_are_refused_of_each(name: str, version: int) -> None:
    assert len({one.title for one in registry.refused(name, version)}) >= 3


@pytest.mark.parametrize(("name", "version"), [("order", 1), ("item", 2), ("item", 0), ("parts", 1), ("../item", 1)])
def test_an_unknown_record_is_refused(name: str, version: int) -> None:
    with pytest.raises(UnknownRecord):
        registry.check(name, version, {})
    with pytest.raises(UnknownRecord):
        registry.newest("order")


@pytest.mark.parametrize("record", [None, [], "x", 1, {}])
def test_something_else_than_a_record_is_refused_and_breaks_nothing(record: Any) -> None:
    assert all(registry.check(name, version, record) for name, version in EACH)


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one)


def _put(record: Any, pointer: str, value: Any) -> None:
    *path, last = pointer.split("/")[1:]
    for part in path:
        record = record[int(part) if isinstance(record, list) else part]
    if isinstance(record, list):
        record[int(last)] = value
    elif value is None:
        del record[last]
    else:
        record[last] = value
