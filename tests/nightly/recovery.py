"""PostgreSQL stopped while the runs of a dead worker are being taken back (F-07): none is stranded."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random

from tests.faults.deaths import kill_together
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "PostgreSQL stopped while a dead worker's runs are taken back"
PROVES = "F-07"
RUNS = 250
STOPS = 4
_SLOTS = "250"


async def one_round(folder: Path, random: Random, outcome: Outcome, *, runs: int = RUNS) -> None:
    """A worker dies with all of `runs`; each of the next ones is cut off from the database as it takes them back."""
    async with Plant(folder) as plant:
        await plant.faults(latency=1.0)
        await asyncio.gather(*(plant.send_until_taken(number) for number in range(runs)))
        outcome.runs = runs
        settings = {"WAYBILL_WORKER_SLOTS": _SLOTS, "WAYBILL_TENANT_RUNNING": _SLOTS}
        held = await kill_together(plant, plant.start_worker(changes=settings), least=runs // 4)
        await plant.faults()
        plant.start_worker(changes=settings)
        for _ in range(STOPS):
            await _taken_back(plant)
            await asyncio.sleep(random.uniform(0, 0.3))
            await asyncio.to_thread(plant.stack.postgres.stop_immediate)
            outcome.faults += 1
            await asyncio.sleep(random.uniform(0, 1.0))
            plant.stack.postgres.start()
        began = time.monotonic()
        await plant.all_ended(runs, 400)
        await check_world(plant, accepted=runs)
        outcome.note = (
            f"{held} held at the death; 0 stranded, done {time.monotonic() - began:.0f} s after the last start"
        )


async def _taken_back(plant: Plant) -> None:
    """Return when suspects are in line or in hand, or nothing is left to do."""
    async with asyncio.timeout(120):
        while not await plant.query("SELECT 1 FROM app.run WHERE suspect AND ended_at IS NULL LIMIT 1"):
            if not await plant.query("SELECT 1 FROM app.run WHERE ended_at IS NULL LIMIT 1"):
                return
            await asyncio.sleep(0.02)
