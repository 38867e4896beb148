"""The documents of the example that takes a shop's order the whole way (docs/examples/order-way), by themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from services.connectors.builtin import all_connectors
from services.connectors.choices import Choices
from services.connectors.choosing import Choosing
from services.connectors.declared import library
from services.connectors.trying import cases
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call, Done, Terms
from services.events.cloud_event import CloudEvent, read
from services.records.mapping import trying
from services.records.mapping.document import Mapping
from services.records.mapping.document import read as document
from services.records.mapping.faults import faults
from services.worker.outlets import Outlets
from template_library import catalog, schemas
from template_library.dsl import reader
from template_library.dsl.parse import parse_published
from template_library.policies.capabilities import READS
from tenants.connections.rules import Rule, When
from tenants.deployments import grouping
from tests.house.tree import ROOT
from tests.services.engine.running import Outside, at_work
from tests.services.records.side import Side, side
from tests.world import deploy

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


async def test_the_line_of_the_page_keeps_back_an_order_with_charges_and_no_other() -> None:
    page = (ROOT / "docs/integrator/order-way.md").read_text(encoding="utf-8")
    (guard,) = re.findall(r"`(if .* then error\(.*?\) else \. end \|)`", page)
    guarded = msgspec.structs.replace(mapping("shop-orders"), tell=f"{guard} {mapping('shop-orders').tell}")
    outcomes = {}
    async with ExpressionPool(size=1) as pool:
        for shop in SHOPS:
            (order,) = recorded(shop)
            event = {"type": "shop.order", "data": {"at": order["ordered_at"], "order": order}}
            outcome = await trying.attempt(Expressions(pool), guarded, event, packs=_none, lane="")
            outcomes[shop] = (bool(order["charges"]), outcome.cause)
    assert outcomes == {"django-oscar": (False, None), "vendure": (True, "mapping-failed")}


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


class Reading(Outside):
    """Shops whose orders may be read as often as anybody likes."""

    async def terms(self, call: Call) -> Terms | None:
        del call
        return None

    async def settle(self, call: Call) -> Answer:
        raise AssertionError(call)


class Shops(msgspec.Struct):
    """Two shops behind one name, and the example that reads their orders."""

    side: Side
    names: dict[UUID, str]

    async def deploy(self, document: str) -> None:
        tenant = self.side.world.tenant_id
        async with self.side.app.tenant(tenant) as connection:
            for one, name in self.names.items():
                await connection.execute(
                    "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
                    "VALUES ($1, $2, $3, 'vendure', '{}')",
                    tenant,
                    one,
                    name,
                )
        led = [Rule(one, When(channel=(name,))) for one, name in self.names.items()]
        async with self.side.app.session(Scope.tenant(tenant)) as session:
            offers = {"vendure": {"shop.orders.get": READS}}
            group = await grouping.create(session, tenant, "shops", led, offers=offers, actor="key:tests")
            await session.commit()
        groups = {"shop": group.group_id}
        await deploy(self.side.app, tenant, document, event_type="vendure.order", groups=groups)


async def test_an_order_is_read_where_it_was_told_and_equal_numbers_of_two_shops_are_two_orders(shop: Side) -> None:
    shops = Shops(shop, {ids.new(): "shop-a", ids.new(): "shop-b"})
    text = (EXAMPLE / "fetch-order.yaml").read_text()
    assert '["shop"]' in text
    await shops.deploy(text.replace('["shop"]', '["shop-a", "shop-b"]'))
    await shop.use("shop-orders", SAID["shop-orders"] | {"connections": {"shop-a": "shop-a", "shop-b": "shop-b"}})
    (order,) = recorded("vendure")
    async with at_work(shop.app, shop.worker) as engine:
        engine.outside = Reading()
        engine.functions["connector:1.0.0@default"] = Choosing(engine.outside, Choices(shop.worker))
        engine.outside.answers["shop.orders.get"] = [Done(output={"found": True, "order": order})] * 3
        told = ("/connections/shop-a/orders", "/connections/shop-b/orders", "/webhooks/shop-b", "/connections/c/orders")
        ended: list[Any] = []
        for number, source in enumerate(told):
            one = event("vendure.order", {"id": "2"}, source)
            await engine.intake.receive(shop.world.tenant_id, one, "key:tests")
            ended = await engine.ended(shop.world, number + 1)
        assert (ended[-1]["state"], "configuration" in ended[-1]["error"]) == ("faulted", True), (
            "of no shop that is read here"
        )
        called = [shops.names[one.bindings["shop"]] for one in engine.outside.calls]
        assert called == ["shop-a", "shop-b", "shop-b"]
    outlets = Outlets(shop.worker, lambda: None, judge=lambda: None)
    async with shop.worker.doors() as connection:
        messages = await connection.fetch("SELECT * FROM app.take_outbox(10, 60, '{emit}')")
    for one in messages:
        await outlets.emit(one["tenant_id"], one["outbox_id"], one["body"])
    await shop.record()
    keys = await shop.rows("SELECT system, id FROM app.entity_key WHERE kind = 'sales-order' ORDER BY system")
    assert [tuple(one.values()) for one in keys] == [("shop-a", order["number"]), ("shop-b", order["number"])]
    assert len(await shop.rows("SELECT FROM app.event WHERE type = 'shop.order'")) == 2, "told once of each shop"
