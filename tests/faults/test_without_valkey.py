"""F-10, F-11: Valkey empty, gone, or never there. PostgreSQL alone must find, wake and recover every run."""

from __future__ import annotations

import asyncio

import pytest

from infra.redis import Doorbell
from tests.faults.deaths import kill_together
from tests.faults.plant import Plant
from tests.faults.world_check import check_tenants, check_world

pytestmark = [pytest.mark.faults]


async def test_F_10_a_flushed_valkey_loses_nothing(plant: Plant) -> None:
    plant.start_worker()
    await plant.faults(latency=0.3)
    bell = Doorbell(plant.stack.endpoints.redis_url)
    sending = asyncio.gather(*(plant.send_until_taken(n) for n in range(100)))
    for _ in range(5):
        await plant.until_held(1)
        await bell._redis.flushall()
        await asyncio.sleep(0.1)
    await sending
    await plant.all_ended(100)
    await bell.close()
    await check_world(plant, accepted=100)


async def test_F_11_without_valkey_work_goes_on_by_the_poll(plant: Plant) -> None:
    plant.start_worker()
    await plant.send_until_taken("warm")
    await plant.all_ended(1)
    plant.stack.valkey.stop()
    # Taken at the first attempt: nobody waits for a doorbell.
    answers = await asyncio.gather(*(plant.send(n) for n in range(30)))
    assert {answer.status for answer in answers} == {202}
    await plant.all_ended(31)
    plant.stack.valkey.start()
    await plant.send_until_taken("after")
    await plant.all_ended(32)
    await check_world(plant, accepted=32)


@pytest.mark.night
async def test_F_11_a_worker_that_starts_without_valkey_wakes_runs_whose_time_has_come(plant: Plant) -> None:
    """The ERP is away first, so that every run has to wait and be woken."""
    plant.stack.valkey.stop()
    await plant.faults(unavailable=1.0)
    plant.start_worker()
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(10)))
    await plant.until_state("waiting", 10)
    await plant.faults()
    await plant.all_ended(10)
    await check_tenants(plant)
    plant.stack.valkey.start()
    await check_world(plant, accepted=10)


@pytest.mark.night
async def test_F_11_a_worker_that_starts_without_valkey_recovers_a_dead_siblings_runs(plant: Plant) -> None:
    plant.stack.valkey.stop()
    await plant.faults(latency=0.5)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(20)))
    sibling = plant.start_worker()
    await plant.until_held(10)
    plant.start_worker()
    await kill_together(plant, sibling, least=1)
    await plant.faults()
    await plant.all_ended(20)
    await check_tenants(plant)
    plant.stack.valkey.start()
    await check_world(plant, accepted=20)
    # It was recovery that brought them back: they were claimed again, after a lease that lapsed.
    assert await plant.query("SELECT run_id FROM app.run WHERE fence > 1") != []
