"""One writer per key, through killed workers: nobody is lost in line, and no two write at once (F-01, F-08)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
import pytest

from tests.faults.deaths import died_at
from tests.faults.plant import Plant
from tests.faults.test_listening import created

pytestmark = [pytest.mark.faults]

RUNS: Final = 5
_FORM: Final = {"content-type": "application/cloudevents+json"}
_KEYS: Final = {"search": {"orderNumber": "${ .[0].data.order }"}, "serialize": "orderNumber"}
DOCUMENT: Final[dict[str, Any]] = {
    "document": {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0", "name": "one", "metadata": {"keys": _KEYS}},
    "schedule": {"on": {"one": {"with": {"type": "changed"}}}},
    "do": [{"pause": {"wait": {"milliseconds": 1}}}, {"keep": {"set": {"done": True}}}],
}
OVERLAPS: Final = (
    "SELECT a.run_id FROM app.run a JOIN app.run b ON a.run_id < b.run_id "
    "AND a.started_at < coalesce(b.ended_at, 'infinity') AND b.started_at < coalesce(a.ended_at, 'infinity')"
)


async def test_F_01_killed_around_a_run_s_end_the_next_of_its_key_goes_on_and_no_two_are_under_way(
    plant: Plant,
) -> None:
    made = await created(plant, "/v1/workflows", {"document": msgspec.json.encode(DOCUMENT).decode()})
    await created(plant, "/v1/deployments", {"name": "one", "workflow": made["id"]})
    event = {"specversion": "1.0", "source": "/tests", "type": "changed", "data": {"order": "SO-1"}}
    sends = [plant.request("POST", "/v1/events", {**event, "id": str(n)}, headers=_FORM) for n in range(RUNS)]
    assert [answer.status for answer in await asyncio.gather(*sends)] == [202] * RUNS
    for point in ("end.before", "end.committed"):
        await died_at(plant, plant.start_worker(f"{point}%1"), point)
    plant.start_worker()
    await plant.all_ended(RUNS, 120)
    assert await plant.query(OVERLAPS) == []
    assert await plant.query("SELECT 1 FROM app.key_writer") == []
    rows = await plant.query("SELECT state FROM app.run")
    assert [row["state"] for row in rows] == ["completed"] * RUNS
