"""F-39: people suspend runs and let them go on while workers die, stand still and lose their commits' answers."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.faults.database_cuts import cutting
from tests.faults.deaths import died_at
from tests.faults.plant import LEASE_SECONDS, Plant, paused
from tests.faults.world_check import check_world
from tests.marks import night

pytestmark = [pytest.mark.faults]

RUNS = 30
LATENCY = 0.5
SPARED = 8
"""As many as a worker has slots: whatever was suspended before it began, these reach every crash point."""


async def operate(plant: Plant, action: str, spared: int = 0) -> list[int]:
    """`action` on every run at once, but for the `spared` newest; the statuses of the answers."""
    answer = await plant.request("GET", "/v1/runs?limit=200")
    runs = [run["id"] for run in msgspec.json.decode(answer.body)["items"]][spared:]
    answers = await asyncio.gather(*(plant.request("POST", f"/v1/runs/{run}/{action}") for run in runs))
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {200, 409}, statuses
    return statuses


async def until_aside(plant: Plant) -> int:
    """Wait until every run is suspended or has ended; how many are suspended."""
    while True:
        states = await plant.states()
        if set(states) <= {"suspended", "completed"}:
            return states.get("suspended", 0)
        await asyncio.sleep(0.05)


async def go_on(plant: Plant) -> None:
    await operate(plant, "resume")
    await plant.all_ended(RUNS, 120)
    await check_world(plant, accepted=RUNS)


@pytest.mark.parametrize(
    "point", ["call.before%6", night("call.answered%6"), night("checkpoint.before%2"), "checkpoint.committed%2"]
)
async def test_F_01_a_worker_that_dies_with_wishes_leaves_suspended_runs_and_none_doubled(
    point: str, plant: Plant
) -> None:
    await plant.faults(latency=LATENCY)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(RUNS)))
    worker = plant.start_worker(point, changes={"WAYBILL_WORKER_SLOTS": str(SPARED)})
    await plant.until_held(4)
    await operate(plant, "suspend", SPARED)
    await died_at(plant, worker, point.partition("%")[0])
    plant.start_worker()
    assert await until_aside(plant) > 0
    assert await plant.held() == 0
    await plant.faults()
    await go_on(plant)


async def test_F_02_a_zombie_writes_nothing_into_runs_that_were_suspended_meanwhile(plant: Plant) -> None:
    await plant.faults(latency=LATENCY)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(RUNS)))
    zombie = plant.start_worker()
    await plant.until_held(4)
    with paused(zombie):
        await operate(plant, "suspend")
        plant.start_worker()
        await asyncio.sleep(1.6 * LEASE_SECONDS)
        assert await until_aside(plant) > 0
        before = await plant.query("SELECT run_id, seq FROM app.run WHERE state = 'suspended' ORDER BY run_id")
    await asyncio.sleep(2 * LATENCY)
    assert await plant.query("SELECT run_id, seq FROM app.run WHERE state = 'suspended' ORDER BY run_id") == before
    await plant.faults()
    await go_on(plant)


async def test_F_08_wishes_and_lines_that_are_cut_between_a_commit_and_its_answer(plant: Plant) -> None:
    async with cutting(plant.stack.postgres.port, 20) as cutter:
        url = plant.stack.endpoints.worker_database_url
        beside = url.replace(f":{plant.stack.postgres.port}/", f":{cutter.port}/")
        worker = plant.start_worker(changes={"WAYBILL_WORKER_DATABASE_URL": beside, "WAYBILL_WORKER_SLOTS": "4"})
        sending = asyncio.gather(*(plant.send_until_taken(n) for n in range(RUNS)))
        for _ in range(6):
            await operate(plant, "suspend")
            await operate(plant, "resume")
        await sending
        await operate(plant, "suspend")
        await until_aside(plant)
        await go_on(plant)
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 120) == 0
