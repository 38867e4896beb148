"""F-01, F-19: faulted runs are tried again while workers die around their commits; nothing is done twice."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.faults.deaths import died_at
from tests.faults.plant import PATIENT, Plant
from tests.faults.world_check import check_world
from tests.marks import night

pytestmark = [pytest.mark.faults]

RUNS = 30
POINTS = [
    night("claim.committed%2"),
    night("call.before%6"),
    "call.answered%6",
    night("checkpoint.before%2"),
    "checkpoint.committed%2",
    night("end.before%2"),
]


async def connections(plant: Plant, action: str) -> None:
    answer = await plant.request("GET", "/v1/connections")
    for one in msgspec.json.decode(answer.body)["items"]:
        assert (await plant.request("POST", f"/v1/connections/{one['id']}/{action}")).status == 200
    await asyncio.sleep(2.5)  # longer than a worker goes by what it knows of a connection


async def retry(plant: Plant) -> list[int]:
    answer = await plant.request("GET", "/v1/runs?state=faulted&limit=200")
    runs = [run["id"] for run in msgspec.json.decode(answer.body)["items"]]
    # By two people at once: one of them is told that the other was faster.
    answers = await asyncio.gather(*(plant.request("POST", f"/v1/runs/{run}/retry", {}) for run in runs * 2))
    return [answer.status for answer in answers]


@pytest.mark.parametrize("point", POINTS)
async def test_F_19_runs_that_are_retried_by_two_people_go_on_once_whoever_dies(point: str, plant: Plant) -> None:
    # It loses nothing: a busy machine that makes it late thrice over one run would set that run aside.
    first = plant.start_worker(changes=PATIENT)
    await connections(plant, "disable")
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(RUNS)))
    await plant.until_state("faulted", RUNS)
    first.terminate()
    assert await asyncio.to_thread(first.wait, 120) == 0
    await connections(plant, "enable")
    statuses = await retry(plant)
    assert (statuses.count(200), statuses.count(409)) == (RUNS, RUNS)
    worker = plant.start_worker(point, changes={"WAYBILL_WORKER_SLOTS": "8"})
    await died_at(plant, worker, point.partition("%")[0])
    plant.start_worker()
    await plant.all_ended(RUNS, 120)
    await check_world(plant, accepted=RUNS)
