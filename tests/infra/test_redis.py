from __future__ import annotations

import asyncio

from infra.embedded.stack import Stack
from infra.redis import READY, Doorbell


async def test_a_ring_is_heard(stack: Stack) -> None:
    bell, heard = Doorbell(stack.endpoints.redis_url), asyncio.Event()
    listening = asyncio.create_task(bell.listen(READY, lambda _: heard.set()))
    while not heard.is_set():
        bell.ring()
        await asyncio.wait([asyncio.create_task(heard.wait())], timeout=0.05)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await bell.close()


async def test_F_13_rings_during_a_ring_become_one(stack: Stack) -> None:
    bell = Doorbell(stack.endpoints.redis_url)
    under_way, answered = asyncio.Event(), asyncio.Event()
    sent = []

    async def publish(channel: str, message: bytes) -> bool:
        sent.append((channel, message))
        under_way.set()
        await answered.wait()
        return True

    bell.publish = publish  # type: ignore[method-assign]
    bell.ring()
    await under_way.wait()
    for _ in range(1000):
        bell.ring()
    answered.set()
    assert bell._ringing is not None
    await bell._ringing
    assert len(sent) == 2
    await bell.close()


async def test_F_11_without_a_server_nothing_raises() -> None:
    bell = Doorbell("redis://127.0.0.1:1/0")
    assert await bell.is_up() is False
    assert await bell.publish(READY, b"1") is False
    bell.ring()
    await bell.close()
