"""F-08: nobody knows whether a commit happened."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.database_cuts import cutting
from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults]

CUTS = 40


async def test_F_08_a_line_cut_between_a_commit_and_its_answer_doubles_nothing(plant: Plant) -> None:
    async with cutting(plant.stack.postgres.port, CUTS) as cutter:
        url = plant.stack.endpoints.worker_database_url
        beside = url.replace(f":{plant.stack.postgres.port}/", f":{cutter.port}/")
        assert beside != url
        # Few slots, so that there are many checkpoints and not a few large ones.
        worker = plant.start_worker(changes={"WAYBILL_WORKER_DATABASE_URL": beside, "WAYBILL_WORKER_SLOTS": "4"})
        await asyncio.gather(*(plant.send_until_taken(n) for n in range(100)))
        await plant.all_ended(100)
        assert (cutter.answered, cutter.unanswered) == (CUTS // 2, CUTS // 2)
        assert worker.poll() is None
        await check_world(plant, accepted=100)
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 120) == 0
