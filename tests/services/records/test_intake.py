"""Events become records: once, whatever comes late, twice or to a worker that dies (F-01, F-13; ADR 0080)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest

from infra import crash_points
from infra.crash_points import Crashed
from infra.database import Database
from tests.services.records.side import ORDER, RECORD, ROW, Side, mapping, side, told


@pytest.fixture
async def shop(app_database: Database, worker_database: Database) -> AsyncIterator[Side]:
    async with side(app_database, worker_database) as found:
        yield found


async def test_an_event_becomes_a_record_and_an_event_of_the_catalogue(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.send(told(1, 0))
    known = await shop.known("SO-1")
    assert known.record == RECORD
    ((kind, data),) = await shop.told()
    assert kind == "order.captured"
    assert data["number"] == "SO-1"
    assert data["customer"] == "ACME"
    assert data["state"] == "captured"
    assert data["lines"] == [{"line": "1", "item": "SKU-1", "quantity": "2", "unit": "EA"}]
    assert data["record"] == RECORD
    (sighting,) = await shop.rows("SELECT mapping, version, system, type, told, made FROM app.sighting")
    assert (sighting["mapping"], sighting["version"], sighting["system"]) == ("orders", 1, "shop")
    assert sighting["told"] == ["captured:1"]
    assert len(sighting["made"]) == 1
    assert await shop.waiting() == []
    assert await shop.exceptions() == []


async def test_what_no_mapping_takes_stays_an_event(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.send(told(1, 0, "shop.stock"))
    assert await shop.rows("SELECT 1 FROM app.sighting") == []


COURSE = (told(1, 0), told(2, 5, status="ok"), told(3, 9, status="sent", currency="EUR"))


async def test_F_13_events_in_any_order_and_each_twice_make_the_same_record_and_tell_the_same(shop: Side) -> None:
    await shop.use("orders", mapping())
    seen = []
    for number, order in enumerate(permutations(COURSE)):
        name = f"SO-{number}"
        events = [_renamed(one, name, number) for one in order]
        await shop.send(events[0], *events, events[-1])
        known = await shop.known(name)
        seen.append({**known.record, "number": ""})
        assert known.course.states[""] == "shipped"
    assert len({repr(one) for one in seen}) == 1
    by_order: dict[str, list[str]] = {}
    for kind, data in await shop.told():
        by_order.setdefault(data["number"], []).append(kind)
    assert len(by_order) == 6
    assert set(map(tuple, by_order.values())) == {("order.captured", "order.released", "order.shipped")}


def _renamed(event: Any, name: str, number: int) -> Any:
    data = event.data
    minute = int(event.attributes["time"][14:16])
    return told(100 * (number + 1) + int(event.id), minute, **{**data, "no": name})


@pytest.mark.parametrize("point", ["records.before", "records.committed"])
async def test_F_01_a_worker_that_dies_between_leaves_all_or_nothing(shop: Side, point: str) -> None:
    await shop.use("orders", mapping())
    crash_points.arm(f"!{point}")
    try:
        await shop.send(told(1, 0))
    except Crashed:
        pass
    finally:
        crash_points.arm("")
    before = len(await shop.rows("SELECT 1 FROM app.sighting"))
    assert before == len(await shop.told()) == (point == "records.committed")
    await shop.record()
    assert len(await shop.rows("SELECT 1 FROM app.sighting")) == len(await shop.told()) == 1
    assert await shop.waiting() == []


async def test_F_14_two_workers_on_one_event_take_it_once(shop: Side) -> None:
    await shop.use("orders", mapping())
    for number in range(5):
        await shop.events.receive(shop.world.tenant_id, told(number, number, no=f"SO-{number}"), "key")
    await asyncio.gather(*(shop.record() for _ in range(4)))
    assert len(await shop.rows("SELECT 1 FROM app.sighting")) == len(await shop.told()) == 5
    assert len(await shop.rows("SELECT 1 FROM app.entity")) == 5


async def test_a_status_that_is_not_mapped_waits_for_the_release_that_maps_it(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.send(told(1, 0, status="void"), told(2, 0, status="void", no="SO-2"))
    assert [cause for cause, _ in await shop.exceptions()] == ["unmapped-status"]
    assert await shop.waiting() == ["unmapped-status", "unmapped-status"]
    statuses = {"new": "captured", "void": "cancelled"}
    await shop.use("orders", mapping(statuses={"statuses": list(statuses), "states": statuses}))
    await shop.record()
    assert (await shop.known("SO-1")).record["state"] == "cancelled"
    assert await shop.exceptions() == []
    assert len(await shop.exceptions("resolved")) == 1
    assert await shop.waiting() == []


async def test_a_state_that_cannot_follow_is_told_and_does_not_count_until_they_agree(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.send(told(1, 0, status="gone"), told(2, 5, status="ok"))
    assert (await shop.known("SO-1")).record["state"] == "cancelled"
    ((cause, title),) = await shop.exceptions()
    assert cause == "forbidden-transition"
    assert title == "shop, sales-order SO-1: an order that is cancelled does not become released"
    await shop.send(told(3, 8, status="gone"))
    assert await shop.exceptions() == []
    assert [kind for kind, _ in await shop.told()] == ["order.cancelled"]


async def test_a_record_that_breaks_its_schema_is_refused_without_its_values(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.send(told(1, 0, currency="dollars-of-acme"))
    ((cause, title),) = await shop.exceptions()
    assert cause == "record-refused"
    assert "/currency" in title
    assert "dollars" not in title
    assert await shop.told() == []


async def test_two_systems_that_differ_are_a_master_data_issue_and_the_leader_stands(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.use("erp-orders", mapping("erp", leads=["currency"]))
    await shop.send(told(1, 0, currency="EUR"))
    await _link(shop)
    await shop.send(told(2, 5, "erp.order", no="E-9", status="ok", rows=[{**ROW, "qty": "3"}]))
    known = await shop.known("SO-1")
    # The ERP leads the currency; the lines are the shop's, who spoke of them first.
    assert known.record["currency"] == "USD"
    assert known.record["lines"][0]["quantity"]["value"] == "2"
    assert known.record["state"] == "released"
    told_ = sorted(title.partition("SO-1: ")[2] or title.partition("E-9: ")[2] for _, title in await shop.exceptions())
    assert told_ == [
        "currency is not as erp says, whose value stands",
        "lines/1/quantity is not as shop says, whose value stands",
    ]
    await shop.send(told(3, 8, currency="USD"), told(4, 9, "erp.order", no="E-9", status="ok"))
    assert await shop.exceptions() == []


async def _link(shop: Side) -> None:
    tenant = shop.world.tenant_id
    async with shop.app.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.entity_key (tenant_id, kind, system, id, entity_id, is_preferred, linked_by) "
            "SELECT $1, 'sales-order', 'erp', 'E-9', entity_id, true, 'key' FROM app.entity",
            tenant,
        )


UNITS = {
    "record": "unit-of-measure",
    "system": "shop",
    "events": {"shop.packs": None},
    "identity": ["/item/id"],
    "program": '{item: {id: .buyer}, base_unit: "EA", packs: [{unit: "XCS", holds: {value: "12", unit: "EA"}}]}',
    "examples": [{"name": "case", "data": {"buyer": "SKU-1"}, "record": None}],
}


async def test_cases_become_pieces_once_somebody_says_how_many_are_in_one(shop: Side) -> None:
    await shop.use("orders", mapping(base_units=["quantity"]))
    await shop.use("packs", UNITS)
    await shop.send(told(1, 0, rows=[{**ROW, "uom": "CASE"}]))
    assert [cause for cause, _ in await shop.exceptions()] == ["no-conversion"]
    await shop.send(told(2, 0, "shop.packs", buyer="SKU-1"))
    await shop.record()
    assert (await shop.known("SO-1")).record["lines"][0]["quantity"] == {"value": "24", "unit": "EA"}
    assert await shop.exceptions() == []


SHIPMENTS = {
    "record": "shipment",
    "system": "shop",
    "events": {"shop.sent": "shipment.dispatched"},
    "program": '{number: "SH-1", status: "dispatched", orders: [{number: .no}],'
    " lines: [.rows[] | {line: .n, item: {id: .sku}, quantity: {value: .qty, unit: .uom}}]}",
    "units": {"EACH": "EA"},
    "examples": [{"name": "sent", "data": ORDER, "record": None}],
}


async def test_a_shipment_belongs_to_its_orders_history_even_before_the_order_is_known(shop: Side) -> None:
    await shop.use("orders", mapping())
    await shop.use("shipments", SHIPMENTS)
    await shop.send(told(1, 5, "shop.sent"), told(2, 0))
    found = await shop.rows(
        "SELECT k.kind, k.id FROM app.sighting_about a JOIN app.entity_key k USING (tenant_id, entity_id)"
    )
    assert found == [{"kind": "sales-order", "id": "SO-1"}]
    assert [kind for kind, _ in await shop.told()] == ["order.captured", "shipment.dispatched"]
    assert (await shop.told())[1][1]["order"] == "SO-1"


async def test_S_14_records_stay_in_their_tenant(shop: Side, app_database: Database, worker_database: Database) -> None:
    await shop.use("orders", mapping())
    async with side(app_database, worker_database, "other") as other:
        await other.send(told(1, 0))
        assert await other.rows("SELECT 1 FROM app.sighting") == []
        await shop.send(told(1, 0))
        for table in ("mapping", "event_route", "translation", "sighting", "record_view", "entity"):
            assert await other.rows(f"SELECT 1 FROM app.{table}") == [], table  # noqa: S608 (a name of ours)
