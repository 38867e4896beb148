"""Redis (or Valkey) as a doorbell: it wakes who waits and keeps nothing; a lost ring does no harm (F-10, F-13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

READY: Final = "ready"
"""Channel: some run is ready to be claimed."""
JUDGE: Final = "judge"
"""Channel: some event is to be judged, whether it begins a run."""
CHANGED: Final = "changed"
"""Channel: runs that changed, as `services.engine.changes` writes them."""
TOLD: Final = "told"
"""Channel: lifecycle events, as the relay hands them on."""

_SOCKET_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 1.0


class Doorbell:
    """Rings and hears. Every method returns at once or waits for a ring; none raises when Redis is away."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=_SOCKET_SECONDS, socket_connect_timeout=_SOCKET_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        # A listener reads for as long as it is silent, so its socket has no read timeout.
        self._listening = Redis.from_url(url, socket_connect_timeout=_SOCKET_SECONDS, retry=Retry(NoBackoff(), 0))
        self._ringing: asyncio.Task[None] | None = None
        self._wanted: set[str] = set()

    def ring(self, channel: str = READY) -> None:
        """Say that work is ready. Rings during a ring become one more ring: load costs no more than its pace."""
        self._wanted.add(channel)
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        while self._wanted:
            await self.publish(self._wanted.pop(), b"1")

    async def publish(self, channel: str, message: bytes) -> bool:
        """Whether Redis took it."""
        try:
            await self._redis.publish(channel, message)
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def listen(self, channel: str, heard: Callable[[bytes], None]) -> None:
        """Call `heard` for every message until cancelled. Redis away: tries again each second."""
        while True:
            try:
                async with self._listening.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(channel)
                    _honour_cancellation()
                    async for message in subscription.listen():
                        heard(message["data"])
            except (RedisError, OSError, TimeoutError):
                pass
            await asyncio.sleep(_AGAIN_SECONDS)

    async def is_up(self) -> bool:
        try:
            await self._redis.ping()
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            # Not awaited itself: its cancellation could not be told from one of ours.
            await asyncio.wait([self._ringing], timeout=_SOCKET_SECONDS)
        await self._redis.aclose()
        await self._listening.aclose()


def _honour_cancellation() -> None:
    # redis-py swallows a cancellation that meets it while it connects; a listener would then never end.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
