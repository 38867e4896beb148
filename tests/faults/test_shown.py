"""A run whose first call takes long is seen at that call, and survives a death around the commit that shows it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.faults.deaths import died_at
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.marks import night

pytestmark = [pytest.mark.faults]

HELD = 5.0
"""Seconds that the first call takes: long enough to be looked at while it lasts."""
LATENCY = 0.5
RUNS = 8


async def get(plant: Plant, path: str) -> Any:
    answer = await plant.request("GET", path)
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body)


async def journal_with(plant: Plant, kind: str) -> tuple[str, list[dict[str, Any]]]:
    """The only run's id and journal, once that has a line of `kind`."""
    while True:
        for run in (await get(plant, "/v1/runs"))["items"]:
            lines = (await get(plant, f"/v1/runs/{run['id']}/journal"))["items"]
            if any(line["kind"] == kind for line in lines):
                return run["id"], lines
        await asyncio.sleep(0.02)


async def test_the_api_shows_a_run_at_its_first_call_and_then_how_long_that_took(plant: Plant) -> None:
    plant.start_worker()
    await plant.faults(latency=HELD)
    await plant.send_until_taken(1)
    run, during = await journal_with(plant, "task.started")
    before = await get(plant, f"/v1/runs/{run}")
    await plant.faults()
    await plant.all_ended(1)
    after = await get(plant, f"/v1/runs/{run}")
    lines = (await get(plant, f"/v1/runs/{run}/journal"))["items"]
    assert "task.completed" not in {line["kind"] for line in during if line["reference"] == during[-1]["reference"]}
    assert (before["state"], after["state"]) == ("running", "completed")
    assert lines[: len(during)] == during
    assert (before["created_at"], before["started_at"]) == (after["created_at"], after["started_at"])
    (done,) = (one for one in lines if (one["kind"], one["reference"]) == ("task.completed", during[-1]["reference"]))
    took = datetime.fromisoformat(done["at"]) - datetime.fromisoformat(during[-1]["at"])
    assert took >= timedelta(seconds=HELD)
    await check_world(plant, accepted=1)


@pytest.mark.parametrize("point", [night("checkpoint.before"), "checkpoint.committed"])
async def test_F_01_killed_while_calls_are_shown_nothing_is_lost_or_doubled(point: str, plant: Plant) -> None:
    """The first checkpoints of a worker whose calls are slow are those that show them."""
    await plant.faults(latency=LATENCY)
    await asyncio.gather(*(plant.send_until_taken(number) for number in range(RUNS)))
    for nth in (1, 2):
        worker = plant.start_worker(f"{point}%{nth}")
        await died_at(plant, worker, point)
    assert (await plant.states()).get("completed", 0) < RUNS
    await plant.faults()
    plant.start_worker()
    await plant.all_ended(RUNS)
    await check_world(plant, accepted=RUNS)
