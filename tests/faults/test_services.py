"""F-06, F-25: PostgreSQL taken away under load, or full of others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults]


@contextlib.asynccontextmanager
async def full(plant: Plant) -> AsyncIterator[None]:
    """All connections are others', also those that somebody leaves meanwhile, until the block ends."""
    hogs: list[asyncpg.Connection] = []
    is_full = asyncio.Event()

    async def take() -> None:
        while True:
            try:
                hogs.append(await asyncpg.connect(plant.stack.endpoints.database_url))
            except asyncpg.TooManyConnectionsError:
                is_full.set()
                await asyncio.sleep(0.01)

    taking = asyncio.create_task(take())
    try:
        await is_full.wait()
        yield
    finally:
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        for hog in hogs:
            await hog.close()


async def test_F_06_postgres_stopped_at_once_and_started_again(plant: Plant) -> None:
    """Senders see 503 or no answer, never a 500 or a false 202; after the last start everything ends."""
    plant.start_worker()
    await plant.faults(latency=0.5)
    sending = asyncio.gather(*(plant.send_until_taken(n) for n in range(120)))
    for _ in range(3):
        await plant.until_held(1)
        await asyncio.to_thread(plant.stack.postgres.stop_immediate)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(plant.stack.postgres.start)
    await sending
    await plant.faults()
    await plant.all_ended(120)
    await check_world(plant, accepted=120)


async def test_F_06_while_postgres_is_down_the_answer_is_503_with_retry_after(plant: Plant) -> None:
    await asyncio.to_thread(plant.stack.postgres.stop_immediate)
    for method, path in (("GET", "/v1/runs"), ("GET", "/health/ready")):
        answer = await plant.request(method, path)
        assert answer.status == 503, path
        assert int(answer.headers["retry-after"]) >= 1
    assert (await plant.send(1)).status == 503
    assert (await plant.request("GET", "/health/live")).status == 200
    await asyncio.to_thread(plant.stack.postgres.start)
    await plant.send_until_taken(1)
    assert sum((await plant.states()).values()) == 1


async def test_F_25_too_many_connections_is_503_and_nothing_partial(tmp_path: Path) -> None:
    async with Plant(tmp_path / "home", overrides={"max_connections": "20"}) as plant:
        plant.start_worker()
        await plant.send_until_taken("warm")
        await plant.all_ended(1)
        async with full(plant):
            # An API without a connection yet, which can get none.
            plant.start_api()
            await plant.answers(plant.api_url + "/health/live")
            statuses = [(await plant.send(n)).status for n in range(10)]
        assert len(statuses) == 10
        assert set(statuses) <= {202, 503}
        assert 503 in statuses
        await plant.answers(plant.api_url + "/health/ready")
        await asyncio.gather(*(plant.send_until_taken(n) for n in range(10)))
        await plant.all_ended(11)
        await check_world(plant, accepted=11)
