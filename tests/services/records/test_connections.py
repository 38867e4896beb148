"""Two warehouses that have the same numbers: two records, or an exception, and never one (ADR 0135)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from infra.database import Database
from services.events.cloud_event import CloudEvent, read
from services.records import queue
from services.records.mapping.applying import Made, NotMade
from services.records.queue import Waiting
from services.records.taking import Taken, take
from tests.patience import PATIENCE
from tests.services.records.side import Side, side

RECORD: Final = {
    "number": "SH-1",
    "status": "dispatched",
    "lines": [{"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "2", "unit": "EA"}}],
}
SHIPMENTS: Final[dict[str, Any]] = {
    "record": "shipment",
    "system": "wms",
    "events": {"wms.shipment": None},
    "program": ".",
    "examples": [{"name": "sent", "data": RECORD, "record": RECORD}],
}
BOTH: Final = {"wms-east": "wms-east", "wms-west": "wms-west"}


@pytest.fixture
async def client(app_database: Database, worker_database: Database) -> AsyncIterator[Side]:
    async with side(app_database, worker_database) as found:
        yield found


def told(connection: str, number: str = "SH-1", id_: str = "1", source: str = "") -> CloudEvent:
    source = source or f"/connections/{connection}/shipments"
    body = {"specversion": "1.0", "id": id_, "source": source, "type": "wms.shipment"}
    return read(
        {"content-type": "application/cloudevents+json"},
        msgspec.json.encode({**body, "data": {**RECORD, "number": number}}),
    )


async def keys(client: Side) -> list[tuple[str, str]]:
    rows = await client.rows("SELECT system, id FROM app.entity_key ORDER BY system, id")
    return [(row["system"], row["id"]) for row in rows]


async def test_two_warehouses_with_equal_numbers_are_two_records_where_it_is_said_which_is_which(client: Side) -> None:
    await client.use("shipments", {**SHIPMENTS, "connections": BOTH})
    await client.send(told("wms-east"), told("wms-west"))
    assert await keys(client) == [("wms-east", "SH-1"), ("wms-west", "SH-1")]
    assert await client.exceptions() == []


async def test_where_nobody_says_it_the_second_waits_until_somebody_does(client: Side) -> None:
    await client.use("shipments", SHIPMENTS)
    await client.send(told("wms-east"), told("wms-east", id_="2"), told("wms-west"), told("wms-west", "SH-2", "2"))
    assert await keys(client) == [("wms", "SH-1")]
    ((cause, title),) = await client.exceptions()
    assert cause == "mapping-failed"
    assert "wms-east has told of wms, too: say in connections what system each is" in title
    await client.send(told("wms-east", "SH-3", "3"))
    assert await keys(client) == [("wms", "SH-1"), ("wms", "SH-3")], "the first goes on"
    await client.use("shipments", {**SHIPMENTS, "connections": {**BOTH, "wms-east": "wms"}})
    await client.record()
    assert await keys(client) == [("wms", "SH-1"), ("wms", "SH-3"), ("wms-west", "SH-1"), ("wms-west", "SH-2")]
    assert await client.exceptions() == []


@pytest.mark.parametrize("other", ["wms", "wms-eas", "wms-east-2", "wms-east2", "wms.east", "wms-west"])
async def test_names_that_begin_alike_are_different_connections(client: Side, other: str) -> None:
    await client.use("shipments", SHIPMENTS)
    await client.send(told("wms-east"), told(other, "SH-2"))
    assert await keys(client) == [("wms", "SH-1")]
    ((_, title),) = await client.exceptions()
    assert "wms-east has told of wms, too" in title


async def test_of_two_connections_at_once_the_second_sees_the_first(client: Side) -> None:
    """Of other shipments, so that nothing else of theirs is held."""
    its, tenant = await client.use("shipments", SHIPMENTS), client.world.tenant_id
    for one in (told("wms-east"), told("wms-west", "SH-2")):
        await client.events.receive(tenant, one, "key:key_test")
    async with client.worker.tenant(tenant) as connection:
        east, west = await queue.due(connection, tenant)

    def taken(waiting: Waiting, number: str) -> Taken:
        event = msgspec.json.decode(waiting.content or "")
        return Taken(waiting, 1, its, event, Made({**RECORD, "number": number}, number))

    async def second() -> None:
        async with client.worker.tenant(tenant) as connection:
            await take(connection, tenant, taken(west, "SH-2"))

    async with client.worker.tenant(tenant) as connection:
        await take(connection, tenant, taken(east, "SH-1"))
        waits = asyncio.create_task(second())
        held = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        async with asyncio.timeout(PATIENCE):
            while not waits.done() and not await connection.fetchval(held):
                await asyncio.sleep(0.02)
    with pytest.raises(NotMade, match="wms-east has told of wms, too"):
        await waits
    assert await keys(client) == [("wms", "SH-1")]


async def test_one_thing_that_two_connections_tell_of_is_one_where_it_is_said(client: Side) -> None:
    await client.use("shipments", {**SHIPMENTS, "connections": {"wms-east": "wms", "wms-files": "wms"}})
    await client.send(told("wms-east"), told("wms-files"))
    assert await keys(client) == [("wms", "SH-1")]
    assert await client.exceptions() == []


async def test_what_others_send_is_of_the_system_that_the_mapping_names(client: Side) -> None:
    await client.use("shipments", {**SHIPMENTS, "connections": BOTH})
    await client.send(told("wms-east"), told("wms-east", id_="2", source="/warehouse"))
    assert await keys(client) == [("wms", "SH-1"), ("wms-east", "SH-1")]


async def test_a_connection_that_the_mapping_does_not_name_is_an_exception(client: Side) -> None:
    await client.use("shipments", {**SHIPMENTS, "connections": {"wms-east": "wms-east", "wms-south": None}})
    await client.send(told("wms-west"), told("wms-south"))
    assert await keys(client) == []
    ((_, title),) = await client.exceptions()
    assert "its connections do not say what system wms-west is" in title
    assert await client.waiting() == ["mapping-failed"]


async def test_a_clients_overlay_says_what_its_connections_are(client: Side) -> None:
    await client.share("shipments", SHIPMENTS)
    await client.use("shipments", {"base": 1, "connections": BOTH, "examples": SHIPMENTS["examples"]})
    await client.send(told("wms-east"), told("wms-west"))
    assert await keys(client) == [("wms-east", "SH-1"), ("wms-west", "SH-1")]
