"""The documents of the example that takes a shop's order the whole way (docs/examples/order-way), by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from infra.database import Database
from services.connectors.builtin import all_connectors
from services.connectors.declared import library
from services.connectors.trying import cases
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.events.cloud_event import CloudEvent, read
from services.records.mapping import trying
from services.records.mapping.document import Mapping
from services.records.mapping.document import read as document
from services.records.mapping.faults import faults
from template_library import catalog, schemas
from template_library.dsl import reader
from template_library.dsl.parse import parse_published
from tests.house.tree import ROOT
from tests.services.records.side import Side, side

EXAMPLE: Final = ROOT / "docs/examples/order-way"
SAID: Final = {file.stem: json.loads(file.read_text()) for file in sorted(EXAMPLE.glob("*.json"))}
SHOPS: Final = ("django-oscar", "vendure")


def mapping(name: str) -> Mapping:
    found = document(SAID[name])
    assert isinstance(found, Mapping)
    return found


def recorded(shop: str) -> Iterator[dict[str, Any]]:
    """Orders that the real shop answered, as its certified connector reads them."""
    one = next(one for one in library.documents() if one.name == shop)
    for case in cases.read(library.newest(library.ROOT / shop), one).tests:
        if case.operation == "shop.orders.get" and isinstance(case.expect.output, dict):
            order = case.expect.output["order"]
            if order is not None:
                yield order


async def test_every_example_of_its_mappings_comes_out_as_it_says() -> None:
    async with ExpressionPool(size=1) as pool:
        for name in SAID:
            assert faults(mapping(name)) == [], name
            said = mapping(name)
            outcomes = await trying.examples(Expressions(pool), said, lane="")
            assert [(one.name, one.detail) for one in outcomes if not one.passes] == [], name
            assert said == mapping(name), "trying it changed it"


async def test_what_the_real_shops_answered_becomes_an_order_that_the_template_takes() -> None:
    package = catalog.builtin().find("order-release")
    assert package is not None
    takes = reader.read(package.document, filename="workflow.yaml").value["input"]["schema"]["document"]
    async with ExpressionPool(size=1) as pool:
        for shop in SHOPS:
            (order,) = recorded(shop)
            event = {"type": "shop.order", "data": {"at": order["ordered_at"], "order": order}}
            made = await trying.attempt(Expressions(pool), mapping("shop-orders"), event, packs=_none, lane="")
            assert made.record == order | {"state": "captured"}, shop
            assert schemas.check(takes, [{"data": made.tells}]) == [], shop
            assert made.tells is not None
            for line, told in zip(order["lines"], made.tells["lines"], strict=True):
                assert told["unit_price"]["amount"] * int(told["quantity"]) == line["net"]["amount"], shop


async def _none(_items: Any) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("file", sorted(EXAMPLE.glob("*.yaml")), ids=lambda file: file.stem)
def test_its_workflows_call_what_a_connector_offers(file: Any) -> None:
    text = file.read_text()
    parse_published(text)
    offered = {operation.name for one in all_connectors() for operation in one.manifest.operations}
    called = {line.partition(": ")[2] for line in text.splitlines() if line.strip().startswith("operation: ")}
    assert called
    assert called <= offered


@pytest.fixture
async def shop(app_database: Database, worker_database: Database) -> Any:
    async with side(app_database, worker_database) as found:
        yield found


def event(kind: str, data: Any, source: str = "/tests") -> CloudEvent:
    body = {"specversion": "1.0", "id": kind, "source": source, "type": kind, "data": data}
    return read({"content-type": "application/cloudevents+json"}, msgspec.json.encode(body))


async def test_what_the_erp_and_the_customer_tell_belongs_to_the_order_of_the_shop(shop: Side) -> None:
    kinds = {
        "shop-orders": "shop.order",
        "erp-orders": "tryton.order",
        "erp-shipments": "shipment.dispatched",
        "shop-disputes": "shop.dispute",
    }
    for name, kind in kinds.items():
        await shop.use(name, SAID[name])
        await shop.send(event(kind, SAID[name]["examples"][0]["data"]))
    keys = await shop.rows("SELECT kind, system, id FROM app.entity_key ORDER BY kind, system, id")
    assert [tuple(one.values()) for one in keys] == [
        ("claim", "shop", "D-1"),
        ("sales-order", "erp", "100023"),
        ("sales-order", "shop", "100023"),
        ("shipment", "erp", "12"),
    ]
    (order,) = await shop.rows("SELECT entity_id FROM app.entity WHERE kind = 'sales-order'")
    about = await shop.rows("SELECT entity_id FROM app.sighting_about")
    assert [one["entity_id"] for one in about].count(order["entity_id"]) == 2
    assert [kind for kind, _ in await shop.told()] == ["order.captured", "order.packed", "claim.opened"]
    assert await shop.exceptions() == []
