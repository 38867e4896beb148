"""Five hundred lines cut between a commit and its answer (F-08)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from tests.faults.database_cuts import cutting
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "lines cut between a commit and its answer"
PROVES = "F-08"
CUTS = 500
_BATCH = 100


async def one_round(folder: Path, _random: Random, outcome: Outcome, *, cuts: int = CUTS) -> None:
    """As many orders as it takes for `cuts`. Raises AssertionError naming the broken invariant."""
    async with Plant(folder) as plant, cutting(plant.stack.postgres.port, cuts) as cutter:
        url = plant.stack.endpoints.worker_database_url
        beside = url.replace(f":{plant.stack.postgres.port}/", f":{cutter.port}/")
        worker = plant.start_worker(changes={"WAYBILL_WORKER_DATABASE_URL": beside, "WAYBILL_WORKER_SLOTS": "4"})
        while cutter.answered + cutter.unanswered < cuts:
            numbers = range(outcome.runs, outcome.runs + _BATCH)
            await asyncio.gather(*(plant.send_until_taken(number) for number in numbers))
            outcome.runs += _BATCH
            await plant.all_ended(outcome.runs)
            outcome.faults = cutter.answered + cutter.unanswered
        assert worker.poll() is None, "the worker ended"
        await check_world(plant, accepted=outcome.runs)
        outcome.note = f"{cutter.answered} after the commit, {cutter.unanswered} while it ran; 0 doubled"
