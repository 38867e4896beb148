"""A long time at a steady rate with an ERP that fails now and then: nothing is lost, and nothing grows.

F-40 asks for an hour at 50 a second and a slope of memory in percent an hour; this is shorter and coarser.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from tests.bench import processes
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "soak"
PROVES = "F-40 in part"
RATE = 20
_SAMPLE_SECONDS: Final = 5.0
# One request of a hundred, one way or another.
_FAULTS: Final = {"unavailable": 0.0025, "busy": 0.0025, "cut": 0.0025, "cut_after_accept": 0.0025}
FINISH_SECONDS: Final = 300.0
"""That the orders have to end when none comes any more."""
_MORE_MEMORY: Final = 1.1
"""Resident memory at the end of the sending, as a multiple of that after its first fifth."""
_WARM_SECONDS: Final = 60.0
_MORE_HANDLES: Final = 30
"""Handles that a process may hold more at the end than after its first fifth: pools fill as they are needed."""


class Sample(msgspec.Struct, frozen=True):
    """Resident MiB and open handles of one process tree."""

    mebibytes: float
    handles: int


async def one_round(folder: Path, random: Random, outcome: Outcome, *, seconds: float, rate: float = RATE) -> None:
    """`rate` orders a second for `seconds`; one request to the ERP of a hundred fails. Raises AssertionError."""
    async with Plant(folder) as plant:
        api, worker = plant.start_api(), plant.start_worker()
        await plant.answers(plant.api_url + "/health/ready")
        roots = {"api": api.pid, "worker": worker.pid}
        samples: dict[str, list[Sample]] = {name: [] for name in roots}
        sampling = asyncio.create_task(_sample(roots, samples, min(_SAMPLE_SECONDS, seconds / 20)))
        await plant.faults(**_FAULTS, seed=random.randrange(2**31))
        accepted = await _send(plant, seconds, rate, outcome)
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
        _look(roots, samples)
        await plant.faults()
        await plant.all_ended(accepted, FINISH_SECONDS)
        await check_world(plant, accepted=accepted)
    outcome.note = "; ".join(_growth(name, found) for name, found in samples.items() if len(found) > 1)
    for name, found in samples.items():
        first, last = _settled(found)
        # A shorter one is still warming up.
        assert seconds < _WARM_SECONDS or last.mebibytes <= first.mebibytes * _MORE_MEMORY, (
            f"memory of {name} went {first} to {last}"
        )
        assert last.handles <= first.handles + _MORE_HANDLES, f"I8: handles of {name} went {first} to {last}"


async def _send(plant: Plant, seconds: float, rate: float, outcome: Outcome) -> int:
    """Orders at a steady rate, whatever becomes of those before; answers how many were accepted."""
    began, sending = time.monotonic(), set[asyncio.Task[None]]()
    count = 0
    while (passed := time.monotonic() - began) < seconds:
        while count < passed * rate:
            task = asyncio.create_task(plant.send_until_taken(f"soak-{count}"))
            sending.add(task)
            task.add_done_callback(sending.discard)
            count += 1
        outcome.runs = count
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*sending)
    return count


async def _sample(roots: dict[str, int], samples: dict[str, list[Sample]], pause: float) -> None:
    while True:
        _look(roots, samples)
        await asyncio.sleep(pause)


def _look(roots: dict[str, int], samples: dict[str, list[Sample]]) -> None:
    for name, pids in processes.trees(roots).items():
        if name in samples:
            samples[name].append(Sample(processes.resident(pids), sum(map(_handles, pids))))


def _handles(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def _settled(found: list[Sample]) -> tuple[Sample, Sample]:
    """The middle of the second fifth, when caches are warm, and of the last fifth."""
    fifth = max(1, len(found) // 5)
    return _middle(found[fifth : 2 * fifth] or found), _middle(found[-fifth:])


def _middle(found: list[Sample]) -> Sample:
    memory = statistics.median(sample.mebibytes for sample in found)
    return Sample(memory, int(statistics.median(sample.handles for sample in found)))


def _growth(name: str, found: list[Sample]) -> str:
    first, last = _settled(found)
    return f"{name} {first.mebibytes:.0f} → {last.mebibytes:.0f} MiB, {first.handles} → {last.handles} handles"
