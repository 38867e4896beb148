"""Clocks that jump under load (F-04): a worker's ten minutes back and an hour on, the database's five seconds on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.plant import PATIENT, PATIENT_SECONDS, Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome
from tests.patience import PATIENCE

PART = "clocks that jump"
PROVES = "F-04"
ORDERS: Final = 30
_JUMPS: Final = ("-600", "+3600", "+0")
_DATABASE_JUMP: Final = "+5"


def library() -> Path | None:
    """The system package libfaketime."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


async def one_round(folder: Path, _random: Random, outcome: Outcome) -> None:
    """Raises AssertionError when a run is taken from a worker that has it, or anything is doubled."""
    found = library()
    if found is None:
        raise AssertionError("libfaketime is missing")
    clock, other = folder.parent / "clock-of-a-worker", folder.parent / "clock-of-the-database"
    async with Plant(folder, settings=PATIENT) as plant:
        plant.start_worker(changes=_by(found, clock))
        plant.start_worker()
        for jump in _JUMPS:
            await plant.faults(latency=1.5 * PATIENT_SECONDS)
            sending = asyncio.create_task(_send(plant, outcome))
            await plant.until_held(4)
            _set(clock, jump)
            outcome.faults += 1
            await sending
            await plant.faults()
            await plant.all_ended(outcome.runs)
        early = (await plant.erp_state())["duplicates_refused"]
        assert early == 0, f"F-04: {early} calls were repeated: a run was taken from a worker that had it"
        await _of_database(plant, found, other, outcome)
        await check_world(plant, accepted=outcome.runs)
        outcome.note = (
            "a worker's clock -10 min, +1 h and back: nothing taken over; the database's +5 s: nothing doubled"
        )


async def _of_database(plant: Plant, found: Path, clock: Path, outcome: Outcome) -> None:
    """Every lease looks old at once: runs are taken from living workers, whose fences are old then."""
    with _within(_by(found, clock)):
        await asyncio.to_thread(plant.stack.postgres.stop_immediate)
        plant.stack.postgres.start()
    await plant.answers(plant.api_url + "/health/ready")
    await plant.faults(latency=1.5 * PATIENT_SECONDS)
    sending = asyncio.create_task(_send(plant, outcome))
    await plant.until_held(4)
    before = (await plant.query("SELECT clock_timestamp() AS now"))[0]["now"]
    _set(clock, _DATABASE_JUMP)
    outcome.faults += 1
    async with asyncio.timeout(PATIENCE):
        while ((await plant.query("SELECT clock_timestamp() AS now"))[0]["now"] - before).total_seconds() < 5:
            await asyncio.sleep(0.1)
    await sending
    await plant.faults()
    await plant.all_ended(outcome.runs)


def _by(found: Path, clock: Path) -> dict[str, str]:
    """Variables for a process that goes by `clock`; intervals pass as they do."""
    _set(clock, "+0")
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _set(clock: Path, jump: str) -> None:
    clock.write_text(f"{jump}\n", encoding="ascii")
    # PostgreSQL may run as another user.
    clock.chmod(0o644)


@contextmanager
def _within(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def _send(plant: Plant, outcome: Outcome) -> None:
    numbers = range(outcome.runs, outcome.runs + ORDERS)
    outcome.runs += ORDERS
    await asyncio.gather(*(plant.send_until_taken(number) for number in numbers))
