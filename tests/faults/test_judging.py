"""Events that expressions judge, through killed workers: each begins what it should, once (F-01, F-08)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
import pytest

from tests.faults.deaths import died_at
from tests.faults.plant import Plant
from tests.faults.test_listening import created

pytestmark = [pytest.mark.faults]

ORDERS: Final = 12
KILLS: Final = 2
_FORM: Final = {"content-type": "application/cloudevents+json"}
_SAME: Final = {"correlate": {"order": {"from": ".order"}}}
_PAID: Final = {"with": {"type": "paid", "data": "${ .sum > 0 }"}, **_SAME}
PAIRS: Final[dict[str, Any]] = {
    "document": {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0", "name": "pairs"},
    "schedule": {"on": {"all": [_PAID, {"with": {"type": "^sent$"}, **_SAME}]}},
    "do": [{"keep": {"set": {"orders": "${ map(.data.order) }", "types": "${ map(.type) }"}}}],
}


async def send(plant: Plant, kind: str, order: int, total: int) -> None:
    event = {"specversion": "1.0", "id": f"{kind}-{order}-{total}", "source": "/tests", "type": kind}
    for _ in range(2):  # whoever got no answer sends again
        body = {**event, "data": {"order": order, "sum": total}}
        answer = await plant.request("POST", "/v1/events", body, headers=_FORM)
        assert answer.status == 202, answer.body


@pytest.mark.parametrize("point", ["judging.before", "judging.committed"])
async def test_F_01_killed_around_its_commit_judging_loses_and_doubles_nothing(point: str, plant: Plant) -> None:
    made = await created(plant, "/v1/workflows", {"document": msgspec.json.encode(PAIRS).decode()})
    await created(plant, "/v1/deployments", {"name": "pairs", "workflow": made["id"]})
    for order in range(ORDERS):
        await asyncio.gather(
            send(plant, "paid", order, 1), send(plant, "sent", order, 1), send(plant, "paid", order, 0)
        )
    for _ in range(KILLS):
        await died_at(plant, plant.start_worker(f"{point}%1"), point)
        # Nobody else's for ten seconds: as if they were over.
        await plant.query("UPDATE app.candidate SET due_at = clock_timestamp()")
        await send(plant, "sent", ORDERS, 0)
    plant.start_worker()
    await plant.all_ended(ORDERS, 120)
    rows = await plant.query("SELECT output::text AS output FROM app.run")
    found = [msgspec.json.decode(row["output"]) for row in rows]
    assert sorted(one["orders"] for one in found) == [[order, order] for order in range(ORDERS)]
    assert all(one["types"] == ["paid", "sent"] for one in found)
    async with asyncio.timeout(60):
        while await plant.query("SELECT 1 FROM app.candidate"):
            await asyncio.sleep(0.05)
    # The one that was sent without a payment waits for it.
    assert len(await plant.query("SELECT 1 FROM app.pending_event")) == 1
