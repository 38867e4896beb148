"""Workers killed at every crash point while a real Tryton, which knows no idempotency keys, takes the orders (F-01)."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from tests.counterparts.tryton.server import running
from tests.counterparts.tryton.test_kills import SOLD, lead_to_tryton, sales
from tests.faults.deaths import POINTS, died_at
from tests.faults.plant import Plant
from tests.nightly.outcome import Outcome

PART = "workers killed beside a real Tryton"
PROVES = "F-01"
RUNS = 60
_FINISH_SECONDS = 500.0


async def one_round(folder: Path, random: Random, outcome: Outcome, *, place: Path, runs: int = RUNS) -> None:
    """Every crash point once, in random order. `place`: the installed Tryton. Raises AssertionError."""
    with tempfile.TemporaryDirectory(prefix="tryton-") as data, running(place, Path(data)) as port:
        async with Plant(folder) as plant:
            await lead_to_tryton(plant, port)
            await asyncio.gather(*(plant.send_until_taken(f"kill-{n}") for n in range(runs)))
            outcome.runs += runs
            for point in random.sample(POINTS, len(POINTS)):
                few = {"WAYBILL_WORKER_SLOTS": "3"}
                worker = plant.start_worker(f"{point}%{random.randint(1, 3)}", changes=few)
                await died_at(plant, worker, point)
                outcome.faults += 1
            plant.start_worker()
            await plant.all_ended(runs, _FINISH_SECONDS)
        found = await sales(port)
    sold = Counter(sale["reference"] for sale in found if sale["state"] in SOLD)
    assert len(sold) == runs, f"I3: {len(sold)} orders are sold of {runs}"
    assert set(sold.values()) == {1}, "I3: a second sale was confirmed"
