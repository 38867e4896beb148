"""Workers killed at random times and at random crash points, round after round (F-01, F-05)."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.faults.plant import Plant
from tests.nightly.campaign import Campaign
from tests.nightly.outcome import Outcome

PART = "workers killed at random"
PROVES = "F-01, F-05"
KILLS = 30


async def one_round(folder: Path, random: Random, outcome: Outcome, *, kills: int = KILLS) -> None:
    """Three workers; `kills` deaths within about a minute. Raises AssertionError naming the broken invariant."""
    async with Plant(folder) as plant:
        campaign = Campaign(plant, random, outcome)
        await campaign.begin(3)
        for number in range(kills):
            # Every other kill meets a worker that holds runs; the rest come whenever they come.
            await campaign.keep_busy()
            if number % 2:
                await plant.until_held(1)
            await campaign.pause(1.0)
            await campaign.kill_a_worker()
        await campaign.finish()
