"""PostgreSQL, Valkey, API and workers taken away at random, under load, and brought back (F-05, F-06, F-10)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Final

from tests.faults.plant import Plant, end
from tests.nightly.campaign import Campaign
from tests.nightly.outcome import Outcome

PART = "servers and processes taken away at random"
PROVES = "F-05, F-06, F-10"
OUTAGES = 12
_KINDS: Final = ("postgresql", "valkey", "api", "worker")
_LONGEST_SECONDS: Final = 2.0


async def one_round(folder: Path, random: Random, outcome: Outcome, *, outages: int = OUTAGES) -> None:
    """Two workers and `outages`, each up to two seconds. Raises AssertionError naming the broken invariant."""
    async with Plant(folder) as plant:
        api = plant.start_api()
        await plant.answers(plant.api_url + "/health/ready")
        campaign = Campaign(plant, random, outcome)
        await campaign.begin(2)
        for _ in range(outages):
            await campaign.keep_busy()
            await campaign.pause(2.0)
            kind = random.choice(_KINDS)
            if kind == "worker":
                await campaign.kill_a_worker()
                continue
            outcome.faults += 1
            if kind == "api":
                api = await _replace(plant, api, campaign)
            else:
                await _take_away(plant, kind, campaign)
        await campaign.finish()


async def _replace(plant: Plant, api: Popen[bytes], campaign: Campaign) -> Popen[bytes]:
    end(api)
    await campaign.pause(_LONGEST_SECONDS)
    api = plant.start_api()
    await plant.answers(plant.api_url + "/health/ready")
    return api


async def _take_away(plant: Plant, kind: str, campaign: Campaign) -> None:
    server = plant.stack.postgres if kind == "postgresql" else plant.stack.valkey
    at_once = plant.stack.postgres.stop_immediate if kind == "postgresql" else plant.stack.valkey.kill
    await asyncio.to_thread(at_once)
    await campaign.pause(_LONGEST_SECONDS)
    # Children are started from the main thread, whose death ends them.
    server.start()
    await plant.answers(plant.api_url + "/health/ready")
