"""F-13, F-15: rings and messages that come three times, out of order, late, or are rubbish; and ids that are none."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from infra.redis import CHANGED, JUDGE, READY, TOLD
from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults]

ORDERS: Final = 40
_RUBBISH: Final = (
    b"",
    b"\x00",
    b"{",
    b"[]",
    b"null",
    b"x" * 10_000,
    b'{"subject": 7}',
    b'{"subject": "run_x"}',
    b"\xff" * 33,
)
_IDS: Final = ("run_", "run_x", "con_01m7zb8rfme0arm2qwptag305z", str(uuid4()), "run_é", "run_" + "0" * 500)


async def again(redis: Any, dice: Random) -> None:
    """Hear what passes; say each message three times, out of order, some of them later; and rubbish in between."""
    async with redis.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(READY, CHANGED, TOLD, JUDGE)
        kept: list[tuple[Any, bytes]] = []
        own: Counter[tuple[Any, bytes]] = Counter()
        async for message in subscription.listen():
            heard = (message["channel"], message["data"])
            if own[heard]:  # our own words come back; what answered them would grow until the server hangs up
                own[heard] -= 1
                continue
            kept += [heard] * 3
            kept.append((dice.choice((READY, CHANGED, TOLD, JUDGE)).encode(), dice.choice(_RUBBISH)))
            dice.shuffle(kept)
            while len(kept) > 20:
                said = kept.pop()
                own[said] += 1
                await redis.publish(*said)
            await asyncio.sleep(0.005)


async def test_F_13_F_15_rings_repeated_shuffled_late_and_rubbish_do_nothing_twice(plant: Plant) -> None:
    redis = Redis.from_url(plant.stack.endpoints.redis_url)
    noise = asyncio.create_task(again(redis, Random(13)))  # noqa: S311 (dice of a test)
    workers = [plant.start_worker(), plant.start_worker()]
    # Each event three times, in any order.
    numbers = [number for number in range(ORDERS) for _ in range(3)]
    Random(13).shuffle(numbers)  # noqa: S311 (dice of a test)
    await asyncio.gather(*(plant.send_until_taken(number) for number in numbers))
    await plant.all_ended(ORDERS)
    assert not noise.done()
    while not noise.done():  # what is cancelled while the client publishes may go on publishing
        noise.cancel()
        await asyncio.wait([noise], timeout=0.5)
    await redis.aclose()
    assert [worker.poll() for worker in workers] == [None, None]
    for name in _IDS:
        for method, action in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
            answer = await plant.request(method, f"/v1/runs/{quote(name, safe='%')}{action}")
            assert answer.status in {400, 404, 414, 422}, (name, answer.status, answer.body[:200])
    assert (await plant.request("GET", "/health/ready")).status == 200
    await check_world(plant, accepted=ORDERS)
