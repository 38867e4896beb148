"""All workers die at once, and then one after the other while orders come in: when the last order is done (F-05)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.herd import SETTINGS
from tests.nightly.nursery import Nursery
from tests.nightly.outcome import Outcome

PART = "all workers die at once, and again one by one"
PROVES = "F-05"
SECONDS = 300.0
WORKERS: Final = 4
EVERY: Final = 10.0
"""Seconds between two deaths: one of four is the fourth that the row asks for, every ten seconds for five minutes."""
_ORDERS: Final = 120
_SHARE: Final = 0.75
"""Of the steady rate: what comes in meanwhile."""
_MOST_TIMES: Final = 10 * 2.0
"""What is left may take that often the time for which workers died. F-05 asks for twice."""


async def one_round(
    folder: Path, random: Random, outcome: Outcome, *, seconds: float = SECONDS, every: float = EVERY
) -> None:
    """Raises AssertionError naming the broken invariant, or when what was left over took too long."""
    async with Plant(folder) as plant:
        await plant.faults(latency=0.05)
        with Nursery(plant.environment()) as nursery:
            living = [_bear(plant, nursery) for _ in range(WORKERS)]
            steady = await _steady(plant, outcome)
            began = time.monotonic()
            coming = asyncio.create_task(_come_in(plant, outcome, steady * _SHARE, seconds))
            await plant.until_held(1)
            for one in living:
                _end(one)
            outcome.faults += WORKERS
            living = [_bear(plant, nursery) for _ in range(WORKERS)]
            while time.monotonic() - began < seconds:
                await asyncio.sleep(every)
                place = random.randrange(WORKERS)
                _end(living[place])
                living[place] = _bear(plant, nursery)
                outcome.faults += 1
            await coming
            length, last = time.monotonic() - began, time.monotonic()
            left = outcome.runs - (await plant.states()).get("completed", 0)
            await plant.all_ended(outcome.runs, _MOST_TIMES * length)
            drained = time.monotonic() - last
            await check_world(plant, accepted=outcome.runs)
            for one in living:
                _end(one)
        outcome.note = (
            f"{outcome.faults} workers killed in {length:.0f} s, {steady * _SHARE:.0f} orders/s; the {left} left over "
            f"were done {drained:.1f} s later, {drained / length:.2f} times as long"
        )


async def _steady(plant: Plant, outcome: Outcome) -> float:
    """Runs a second while nobody dies."""
    began = time.monotonic()
    await asyncio.gather(*(plant.send_until_taken(number) for number in range(_ORDERS)))
    outcome.runs += _ORDERS
    await plant.all_ended(outcome.runs)
    return _ORDERS / (time.monotonic() - began)


async def _come_in(plant: Plant, outcome: Outcome, rate: float, seconds: float) -> None:
    """One after the other, whatever becomes of those before."""
    sending = []
    for number in range(outcome.runs, outcome.runs + max(WORKERS, int(rate * seconds))):
        sending.append(asyncio.create_task(plant.send_until_taken(number)))
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*sending)
    outcome.runs += len(sending)


def _bear(plant: Plant, nursery: Nursery) -> int:
    log = plant.home / "logs" / "together.log"
    return nursery.bear(plant.environment(SETTINGS), log)


def _end(worker: int) -> None:
    """With everything that it started. One that was born a moment ago leads no group yet."""
    try:
        os.killpg(worker, signal.SIGKILL)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
