"""F-03, I3: workers die around sales that an ERP without keys takes; each is made once, whoever looks for it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.faults.deaths import died_at
from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults]

RUNS = 4


async def stands_repetition(plant: Plant, orders: str) -> None:
    """The ERP knows no keys from now on. Its requests end after a second, so that what is absent is soon certain."""
    answer = await plant.request("GET", "/v1/connections")
    for one in msgspec.json.decode(answer.body)["items"]:
        changed = {"settings": one["settings"] | {"orders": orders, "timeout_seconds": 1}}
        answer = await plant.request("PATCH", f"/v1/connections/{one['id']}", changed)
        assert answer.status == 200, answer.body


async def test_F_03_I3_a_worker_that_dies_with_an_answer_leaves_one_sale(plant: Plant) -> None:
    orders, point = "once-or-ask", "call.answered"
    await stands_repetition(plant, orders)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(RUNS)))
    worker = plant.start_worker(f"{point}~/do/7/create-sale")
    await died_at(plant, worker, point)
    plant.start_worker()
    await plant.all_ended(RUNS, 120)
    await check_world(plant, accepted=RUNS)
    rows = await plant.query("SELECT mode, status, settled_by, count(*)::int AS n FROM app.effect GROUP BY 1, 2, 3")
    assert {(row["mode"], row["status"]) for row in rows} == {(orders, "confirmed")}
    assert sum(row["n"] for row in rows) == RUNS
