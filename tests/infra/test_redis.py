from __future__ import annotations

import asyncio

import pytest

from infra.embedded.stack import Stack
from infra.redis import Doorbell


@pytest.mark.parametrize("rounds", [0, 1, 3, 10, 30])
async def test_a_listener_ends_when_cancelled_while_it_connects(stack: Stack, rounds: int) -> None:
    """redis-py may swallow the cancellation; the process would then hang at its end."""
    for _ in range(5):
        bell = Doorbell(stack.valkey.url())
        listening = asyncio.create_task(bell.listen("channel", lambda _: None))
        for _ in range(rounds):
            await asyncio.sleep(0)
        listening.cancel()
        done, _ = await asyncio.wait({listening}, timeout=5)
        await bell.close()
        assert done
