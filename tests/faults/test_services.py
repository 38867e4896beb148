"""F-06, F-10, F-11, F-25: PostgreSQL and Valkey taken away under load."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import asyncpg
import pytest

from infra import egress
from infra.redis import Doorbell
from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


async def test_F_10_a_flushed_valkey_loses_nothing(plant: Plant) -> None:
    plant.start_worker()
    bell = Doorbell(plant.stack.endpoints.redis_url)
    sending = asyncio.gather(*(plant.send_until_taken(n) for n in range(100)))
    for _ in range(5):
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
    slowest = max(await asyncio.gather(*(plant.send_until_taken(n) for n in range(30))))
    assert slowest < 10
    await plant.all_ended(31)
    plant.stack.valkey.start()
    await plant.send_until_taken("after")
    await plant.all_ended(32)
    await check_world(plant, accepted=32)


async def test_F_11_a_worker_starts_without_valkey(plant: Plant) -> None:
    plant.stack.valkey.stop()
    plant.start_worker()
    await plant.send_until_taken(1)
    await plant.all_ended(1)


async def test_F_06_postgres_stopped_at_once_and_started_again(plant: Plant) -> None:
    """Senders see 503 or no answer, never a 500 or a false 202; after the last start everything ends."""
    plant.start_worker()
    sending = asyncio.gather(*(plant.send_until_taken(n) for n in range(120)))
    for _ in range(3):
        await asyncio.sleep(0.5)
        await asyncio.to_thread(plant.stack.postgres.stop_immediate)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(plant.stack.postgres.start)
    await sending
    await plant.all_ended(120, 120)
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
    assert await plant.send_until_taken(1) < 50
    assert sum((await plant.states()).values()) == 1


async def test_F_25_too_many_connections_is_503_and_nothing_partial(tmp_path: Path) -> None:
    async with Plant(tmp_path / "home", overrides={"max_connections": "20"}) as plant:
        plant.start_worker()
        await plant.send_until_taken("warm")
        await plant.all_ended(1)
        hogs: list[asyncpg.Connection] = []
        with contextlib.suppress(asyncpg.PostgresError):
            while True:
                hogs.append(await asyncpg.connect(plant.stack.endpoints.database_url))
        plant.start_api()
        answers = []
        for n in range(10):
            with contextlib.suppress(egress.Failed):
                answers.append((await plant.send(n)).status)
        assert set(answers) <= {202, 503}
        for hog in hogs:
            await hog.close()
        await plant._answers(plant.api_url + "/health/ready")
        await asyncio.gather(*(plant.send_until_taken(n) for n in range(10)))
        await plant.all_ended(11)
        await check_world(plant, accepted=11)
