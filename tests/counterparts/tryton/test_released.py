"""`order-release`, unchanged, on a real Tryton through the whole product: API, database, worker, somebody who decides.

A clean order whose worker dies when the ERP has answered, and a short one that a person splits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.counterparts.tryton.install import DATABASE, PASSWORD, USER
from tests.counterparts.tryton.test_kills import SOLD, sales
from tests.counterparts.tryton.test_order_release import line
from tests.faults.plant import PATIENT
from tests.portal.site import Site
from tests.stories.town import Town, place

pytestmark = [pytest.mark.tryton, pytest.mark.faults]
TEMPLATE: Final = "order-release"


@pytest.fixture
async def town(tryton: int, tmp_path: Path) -> AsyncIterator[Town]:
    """A client whose ERP is Tryton; no worker yet."""
    async with Site(tmp_path / "home", settings=PATIENT) as site:
        town = await Town.founded(site, "example-parts", ("inventory-desk",), ())
        settings = {"base_url": f"http://127.0.0.1:{tryton}", "database": DATABASE, "user": USER, "allow_http": True}
        erp = {"name": "erp", "connector": "tryton", "settings": settings, "secrets": {"password": PASSWORD}}
        town.connections["erp"] = (await town.post("/v1/connections", erp))["id"]
        await town.deploy(TEMPLATE, "erp")
        yield town
        town.stop()


async def captured(town: Town, number: str, *lines: dict[str, Any]) -> str:
    """The run of an order that came twice."""
    order = {"number": number, "customer": "ACME-001", "currency": "USD", "lines": lines}
    assert [await town.send("order.captured", number, order) for _ in range(2)] == [202, 202]
    return await town.run(TEMPLATE, number)


async def sold(tryton: int, number: str) -> list[str]:
    """States of what is in the ERP under the order, none of them twice sold."""
    found = [one["state"] for one in await sales(tryton, number)]
    assert len([one for one in found if one in SOLD]) == 1, found
    return found


async def test_a_clean_order_is_sold_once_and_a_short_one_as_a_person_splits_it(town: Town, tryton: int) -> None:
    town.start_doomed(f"call.answered~{place(TEMPLATE, 'create-sale')}")
    clean = await captured(town, "PO-clean", line("SKU-1", 2, 1299))
    await town.dies_at("call.answered")
    output = await town.ended(clean)
    assert (output["released"], output["sale"]["total"]["amount"]) == (True, 2598)
    await sold(tryton, "PO-clean")

    short = await captured(town, "PO-short", line("SKU-3", 5, 420), line("SKU-1", 1, 1299))
    desk = town.people["inventory-desk"]
    task = await desk.task("short-stock", short)
    assert [one["item"] for one in task["shown"]["items"]] == ["SKU-3"]
    assert await sales(tryton, "PO-short") == [], "nothing is sold before somebody has decided"
    await town.restart_worker()
    said = await desk.complete(task, "split")
    assert said.status == 200, said.json
    output = await town.ended(short)
    assert output["sale"]["total"]["amount"] == 1299
    assert [one["item"] for one in output["backordered"]] == ["SKU-3"]
    await sold(tryton, "PO-short")
