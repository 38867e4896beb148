"""The network between workers and PostgreSQL cut for longer than a lease, slow, and losing packets (F-12)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.network import BOTH, Network, Way
from tests.faults.plant import LEASE_SECONDS, Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "the network between a worker and PostgreSQL"
PROVES = "F-12"
ORDERS: Final = 40
SECONDS: Final = 30.0
_CUTS: Final[tuple[tuple[Way, ...], ...]] = (BOTH, ("up",), ("down",))


async def one_round(folder: Path, random: Random, outcome: Outcome, *, seconds: float = SECONDS) -> None:
    """A worker is cut off both ways, then one way, for `seconds`, while another goes on; then both have a bad line."""
    async with Plant(folder) as plant, Network(plant.stack.postgres.port, seed=random.randrange(2**31)) as line:
        url = plant.stack.endpoints.worker_database_url
        beside = url.replace(f":{plant.stack.postgres.port}/", f":{line.port}/")
        far = plant.start_worker(changes={"WAYBILL_WORKER_DATABASE_URL": beside})
        plant.start_worker()
        for ways in _CUTS:
            await plant.faults(latency=0.2)
            sending = asyncio.create_task(_send(plant, outcome))
            await plant.until_held(2)
            with line.stalled(*ways):
                outcome.faults += 1
                await asyncio.sleep(seconds)
                await plant.faults()
                await sending
                # The one that is not cut off has taken over whatever the other held.
                await plant.all_ended(outcome.runs)
        line.delay, line.loss = 0.1, 0.05
        outcome.faults += 1
        await _send(plant, outcome)
        await plant.all_ended(outcome.runs)
        assert far.poll() is None, "the worker that was cut off has ended"
        erp = await check_world(plant, accepted=outcome.runs)
        outcome.note = (
            f"{seconds:g} s both ways, out, in ({seconds / LEASE_SECONDS:.0f} leases each); 200 ms and 5 % lost; "
            f"{erp['duplicates_refused']} calls repeated under their key"
        )


async def _send(plant: Plant, outcome: Outcome) -> None:
    numbers = range(outcome.runs, outcome.runs + ORDERS)
    outcome.runs += ORDERS
    await asyncio.gather(*(plant.send_until_taken(number) for number in numbers))
