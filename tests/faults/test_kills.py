"""F-01, F-02, F-05: workers that die or stand still at every point."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.faults.deaths import POINTS, crashes, died_at, kill_together
from tests.faults.plant import LEASE_SECONDS, PATIENT, Plant, paused
from tests.faults.world_check import check_world
from tests.marks import night
from tests.patience import PATIENCE

pytestmark = [pytest.mark.faults]

RUNS = 200
KILLS = 4
EACH_TIME = {"claim.committed", "call.answered", "checkpoint.committed", "end.committed"}
"""Where most is at stake: something has happened, and who knows of it dies. The other points are the night's."""
_MASKS = {"SigBlk", "SigCgt"}


def hears(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal, and lets it through."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    masks = {name: int(mask, 16) for name, _, mask in (one.partition(":") for one in lines) if name in _MASKS}
    return bool((masks["SigCgt"] & ~masks["SigBlk"]) >> (number - 1) & 1)


@pytest.mark.parametrize("point", [point if point in EACH_TIME else night(point) for point in POINTS])
async def test_F_01_killed_at_a_crash_point_nothing_is_lost_or_doubled(point: str, plant: Plant) -> None:
    """200 runs; workers die at the point, each a little later in its life, until the last one finishes the work.

    Few slots, so that each takes a part of the runs with it; no quarantine, since the children that run suspects alone
    die at the same point as their parents.
    """
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(RUNS)))
    for kill in range(KILLS):
        nth = 1 + kill if point == "claim.committed" else 1 + 7 * kill
        worker = plant.start_worker(f"{point}%{nth}", changes={"WAYBILL_WORKER_SLOTS": "8"})
        await died_at(plant, worker, point)
    assert (await plant.states()).get("completed", 0) < RUNS
    plant.start_worker()
    await plant.all_ended(RUNS, 120)
    await check_world(plant, accepted=RUNS)


async def test_F_02_a_worker_that_stood_still_past_its_lease_commits_nothing(plant: Plant) -> None:
    zombie = plant.start_worker()
    await plant.send_until_taken("first")
    await plant.all_ended(1)
    await plant.faults(latency=0.3)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(20)))
    with paused(zombie):
        plant.start_worker()
        await asyncio.sleep(1.6 * LEASE_SECONDS)
        await plant.faults()
        await plant.all_ended(21)
    await plant.send_until_taken("last")
    await plant.all_ended(22)
    await check_world(plant, accepted=22)


async def test_F_32_a_worker_told_to_stop_hands_back_or_finishes_what_it_holds(plant: Plant) -> None:
    stopping = plant.start_worker(changes=PATIENT)
    await plant.send_until_taken("first")
    await plant.all_ended(1)
    # Runs are claimed before Dramatiq's parent has ended its own boot.
    async with asyncio.timeout(PATIENCE):
        while not hears(stopping.pid, signal.SIGTERM):
            await asyncio.sleep(0.05)
    await plant.faults(latency=0.3)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(30)))
    plant.start_worker(changes=PATIENT)
    stopping.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(stopping.wait, 90) == 0
    await plant.all_ended(31)
    erp = await check_world(plant, accepted=31)
    # No lease had to lapse: nothing was cut off in the middle, nothing became a suspect, nothing was sent twice.
    assert erp["duplicates_refused"] == 0
    assert await plant.query("SELECT run_id FROM app.run WHERE solo_claims > 0") == []


async def test_F_05_all_workers_die_at_once_and_again(plant: Plant) -> None:
    """Whole groups, in the middle of their work: nobody is left to hand anything back.

    What is left over is done in twice the time for which they died, and the test waits ten times that.
    """
    began = time.monotonic()
    await plant.faults(latency=0.5)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(60)))
    for _ in range(3):
        await kill_together(plant, plant.start_worker(), plant.start_worker(), least=10)
    await plant.faults()
    plant.start_worker()
    await plant.all_ended(60, 10 * 2 * (time.monotonic() - began))
    await check_world(plant, accepted=60)


@pytest.mark.parametrize("point", ["intake.before", "intake.committed"])
async def test_F_01_an_api_killed_around_its_commit_loses_no_accepted_event(point: str, plant: Plant) -> None:
    """The sender repeats what got no answer; the same id makes no second run (A3)."""
    plant.start_worker()
    api = plant.start_api({"WAYBILL_CRASH_POINTS": "1", "WAYBILL_CRASH_POINT": f"{point}%3"})
    await plant.answers(plant.api_url + "/health/ready")
    # One after another, since events that come together are stored together: the third meets the point.
    await plant.send_until_taken(0)
    await plant.send_until_taken(1)
    sending = asyncio.gather(*(plant.send_until_taken(n) for n in range(2, 5)))
    assert await asyncio.to_thread(api.wait, 120) != 0
    assert crashes(plant, api) == {point: 1}
    plant.start_api()
    await sending
    await plant.all_ended(5)
    await check_world(plant, accepted=5)
