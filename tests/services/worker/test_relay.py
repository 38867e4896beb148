from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.database import Database
from infra.embedded.stack import Stack
from infra.redis import TOLD, Doorbell
from services.engine.claims import Claims
from services.worker.relay import Relay
from tests.patience import PATIENCE
from tests.world import deploy, make_tenant, progress, start_runs, write


async def leave_messages(app: Database, worker: Database, count: int) -> None:
    """End `count` runs; each leaves one message."""
    world = await make_tenant(app)
    await deploy(app, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app, world.tenant_id, count)
    claims = await Claims(worker, "w", 30).take(count)
    await write(worker, *(progress(claim, "completed") for claim in claims))


@contextmanager
def running(relay: Relay) -> Iterator[None]:
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()


async def left(worker: Database) -> int:
    async with worker.doors() as connection:
        return len(await connection.fetch("SELECT * FROM app.take_outbox(1000, 0)"))


async def test_what_a_commit_left_is_told_and_settled(
    app_database: Database, worker_database: Database, stack: Stack
) -> None:
    bell = Doorbell(stack.endpoints.redis_url)
    heard: list[bytes] = []
    listening = asyncio.create_task(
        bell.listen(f"{TOLD}:runs", lambda one: heard.append(one) if one == b"{}" else None)
    )
    while not await bell._redis.publish(f"{TOLD}:runs", b"are you there"):
        await asyncio.sleep(0.01)
    await leave_messages(app_database, worker_database, 450)
    with running(Relay(worker_database, bell, poll=0.05)):
        while len(heard) < 450:
            await asyncio.sleep(0.01)
        while await left(worker_database):
            await asyncio.sleep(0.01)
    assert heard == [b"{}"] * 450
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await bell.close()


async def test_F_11_without_redis_messages_stay(app_database: Database, worker_database: Database) -> None:
    bell = Doorbell("redis://127.0.0.1:1/0")
    await leave_messages(app_database, worker_database, 3)
    relay = Relay(worker_database, bell, poll=0.01)
    assert await relay._round() == 0
    async with worker_database.doors() as connection:
        # Taken, and offered again when the taking lapses.
        assert await connection.fetch("SELECT * FROM app.take_outbox(1000, 0)") == []
    await bell.close()


async def test_two_relays_tell_a_message_once(app_database: Database, worker_database: Database, stack: Stack) -> None:
    bell = Doorbell(stack.endpoints.redis_url)
    await leave_messages(app_database, worker_database, 50)
    told = await asyncio.gather(*(Relay(worker_database, bell, poll=1)._round() for _ in range(4)))
    assert sum(told) == 50
    await bell.close()


@pytest.mark.parametrize("ticks", range(6))
async def test_F_32_a_nudge_at_the_moment_of_the_end_does_not_keep_the_relay_going(
    worker_database: Database, stack: Stack, ticks: int
) -> None:
    """The last commits of a worker that is told to stop nudge. `asyncio.wait_for` lost the cancellation then."""
    bell = Doorbell(stack.endpoints.redis_url)
    relay = Relay(worker_database, bell, poll=600)
    task = asyncio.create_task(relay.run())
    await asyncio.sleep(0.05)
    relay.nudge()
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    ended, _ = await asyncio.wait([task], timeout=PATIENCE)
    assert ended
    await bell.close()
