"""F-20, F-23: a client whose ERP hangs keeps its own runs waiting and nobody else's."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.neighbour import move_in
from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults]

HUNG = 150
"""More runs than a worker has slots."""
GIVEN_UP = "SELECT 1 FROM app.run WHERE waiting_for ->> 'kind' = 'connection' LIMIT 1"
"""The connector gives a silent ERP up after 30 s, and the hung runs let go of what they hold."""


async def test_F_20_a_healthy_client_is_served_beside_one_whose_erp_hangs(plant: Plant) -> None:
    key, _ = await move_in(plant)
    await plant.faults(hang=1.0)
    await asyncio.gather(*(plant.send_until_taken(f"hung-{n}") for n in range(HUNG)))
    plant.start_worker()
    await plant.until_held(20)
    await asyncio.gather(*(plant.send_until_taken(f"healthy-{n}", key=key) for n in range(10)))
    await plant.all_ended(10)
    # None of them waited for a slot that a hung call had to give back.
    assert await plant.query(GIVEN_UP) == []
    assert (await plant.states())["completed"] == 10
    assert await plant.held() > 0
    # Cut what hangs, and be well again.
    await plant.faults(refuse_seconds=0.2)
    await plant.all_ended(10 + HUNG)
    await check_world(plant, accepted=10 + HUNG)
