"""F-01 on a real ERP without idempotency keys: workers die at every crash point, and no second sale is confirmed."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from infra.egress import Client, Guard
from infra.encryption.secret import Secret
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context, OpenConnection
from tests.counterparts.tryton.install import DATABASE, PASSWORD, USER
from tests.faults.deaths import POINTS, died_at
from tests.faults.plant import Plant

pytestmark = [pytest.mark.night, pytest.mark.tryton, pytest.mark.faults]

RUNS = 20
SOLD = {"confirmed", "processing", "done"}


async def lead_to_tryton(plant: Plant, port: int, at_once: int = 10) -> None:
    """Change the demo connection, and nothing else. `at_once`: calls that it takes."""
    listed = msgspec.json.decode((await plant.request("GET", "/v1/connections")).body)
    (erp,) = listed["items"]
    changes = {
        "connector": "tryton",
        "settings": {"base_url": f"http://127.0.0.1:{port}", "database": DATABASE, "user": USER},
        "secrets": {"password": PASSWORD},
        "limits": {"at_once": at_once},
    }
    answer = await plant.request("PATCH", f"/v1/connections/{erp['id']}", changes)
    assert answer.status == 200, answer.body


async def sales(port: int, beginning: str = "PO-kill-") -> list[dict[str, str]]:
    """Those whose reference begins so, in whatever state."""
    connection = OpenConnection(
        id=UUID(int=2),
        connector="tryton",
        settings={"base_url": f"http://127.0.0.1:{port}", "database": DATABASE, "user": USER},
        secrets={"password": Secret(PASSWORD)},
    )
    async with Client(Guard(allow_loopback=True)) as client:
        rpc = Rpc(Context(client, UUID(int=1), connection, "k"), Sessions())
        found: list[dict[str, str]] = await rpc.model(
            "sale.sale.search_read",
            [["reference", "like", f"{beginning}%"]],
            0,
            None,
            [["id", "ASC"]],
            ["state", "reference"],
        )
    return found


async def test_F_01_killed_at_every_crash_point_no_second_sale_is_confirmed(tryton: int, tmp_path: Path) -> None:
    async with Plant(tmp_path / "home") as plant:
        await lead_to_tryton(plant, tryton)
        await asyncio.gather(*(plant.send_until_taken(f"kill-{n}") for n in range(RUNS)))
        for number, point in enumerate(POINTS):
            few = {"WAYBILL_WORKER_SLOTS": "3"}
            worker = plant.start_worker(f"{point}%{1 + number % 3}", changes=few)
            await died_at(plant, worker, point)
        plant.start_worker()
        await plant.all_ended(RUNS, 200)
        states = await plant.states()
    found = await sales(tryton)
    sold = Counter(sale["reference"] for sale in found if sale["state"] in SOLD)
    assert states == {"completed": RUNS}
    assert len(sold) == RUNS
    assert set(sold.values()) == {1}, "a second sale was confirmed"
