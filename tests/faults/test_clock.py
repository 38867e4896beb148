"""F-04: a worker whose clock is wrong."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.plant import PATIENT, PATIENT_SECONDS, Plant
from tests.faults.world_check import check_world
from tests.marks import night

pytestmark = [pytest.mark.faults]


def _faketime() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("libfaketime is missing; .ci/run installs it")
        pytest.skip("needs the system package libfaketime")
    return str(found[0])


@pytest.mark.parametrize("offset", ["+3600", night("-3600")])
async def test_F_04_a_clock_an_hour_off_takes_nothing_over_early_and_fires_nothing_early(
    offset: str, plant: Plant
) -> None:
    # Only the calendar is wrong; intervals pass as they do, as on a machine that was set badly.
    wrong = {"LD_PRELOAD": _faketime(), "FAKETIME": f"{offset}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    plant.start_worker(changes=PATIENT)
    plant.start_worker(changes=PATIENT | wrong)
    await plant.faults(latency=1.5 * PATIENT_SECONDS)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(10)))
    await plant.all_ended(10)
    await plant.faults(unavailable=0.5, seed=3)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(10, 20)))
    await plant.all_ended(20)
    erp = await check_world(plant, accepted=20)
    # Nobody took a run from a worker that still held it: no order was sent twice.
    assert erp["duplicates_refused"] == 0
