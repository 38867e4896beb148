"""A connector of the installation's own watches a shop, through killed workers (F-01, F-02)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import msgspec
import pytest

from services.connectors.builtin import own_names
from services.connectors.declared import installed, reading
from tests.faults.deaths import died_at
from tests.faults.plant import Plant
from tests.faults.test_listening import created
from tests.services.connectors.polling.shop import SHOP, TRIGGER, Shop

pytestmark = [pytest.mark.faults]

POINTS: Final = ("poll.answered", "intake.before", "intake.committed", "poll.committed")
KEEP: Final = {
    "document": {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0", "name": "keep"},
    "schedule": {"on": {"one": {"with": {"type": "order.changed"}}}},
    "do": [{"keep": {"set": {"number": "${ .[0].data.number }"}}}],
}


def release(folder: Path) -> Path:
    """The folder of an installation's connectors, with the one that watches the shop."""
    source = folder / "work" / "watched-shop" / "1.0.0"
    source.mkdir(parents=True)
    # The demo client's own deployment takes orders that were captured.
    orders = {**TRIGGER, "event": {**TRIGGER["event"], "type": "order.changed"}}
    told = {
        **SHOP,
        "triggers": {"orders": orders},
        "name": "watched-shop",
        "authentication": {"kind": "none"},
        "secrets": {},
    }
    (source / reading.FILE).write_text(json.dumps(told, indent=1))
    installed.install(source, folder / "connectors", own_names())
    return folder / "connectors"


async def test_F_01_killed_around_its_commit_a_poll_loses_and_doubles_nothing(tmp_path: Path) -> None:
    settings = {"WAYBILL_CONNECTORS": str(release(tmp_path))}
    async with Shop().running() as shop, Plant(tmp_path / "home", settings=settings) as plant:
        assert isinstance(shop, Shop)
        made = await created(plant, "/v1/workflows", {"document": msgspec.json.encode(KEEP).decode()})
        await created(plant, "/v1/deployments", {"name": "keep", "workflow": made["id"]})
        at = {"base_url": f"{shop.url}/api", "allow_http": True, "watch": ["orders"]}
        await created(plant, "/v1/connections", {"name": "shop", "connector": "watched-shop", "settings": at})
        for number, point in enumerate(POINTS):
            for one in range(3):
                shop.sell(f"{number}-{one}", number)
            await died_at(plant, plant.start_worker(point), point)
            # Nobody else's for three minutes: as if they were over.
            await plant.query("UPDATE app.poll SET due_at = clock_timestamp()")
        plant.start_worker()
        await plant.all_ended(3 * len(POINTS), 120)
        async with asyncio.timeout(60):
            while (await plant.query("SELECT cursor::text AS at FROM app.poll"))[0]["at"] != "3":
                await asyncio.sleep(0.05)
        rows = await plant.query("SELECT output::text AS output FROM app.run")
        found = sorted(msgspec.json.decode(row["output"])["number"] for row in rows)
        assert found == sorted(f"{number}-{one}" for number in range(len(POINTS)) for one in range(3))
