"""Subscriptions that stay open between the calls of one task, so that what comes meanwhile is not missed."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from services.protocols.asyncapi.link import Link, Transport
from services.protocols.asyncapi.subscription import Subscription

IDLE_SECONDS: Final = 120.0
"""A subscription that nobody fetched from for so long is closed: its run waits elsewhere, or ended."""
MOST: Final = 16
"""Of one tenant that nobody fetches from at the moment; the one that waited longest makes room."""
Key = tuple[UUID, str]


class Held:
    """The open subscriptions of one process, by tenant and id."""

    def __init__(self) -> None:
        self._open: dict[Key, Subscription] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def get(self, key: Key, transport: Transport, link: Link) -> Subscription:
        """The one that is open, else a new one. One caller at a time for each key."""
        self._stop_timer(key)
        found = self._open.pop(key, None)
        if found is not None:
            return found
        idle = [other for other in self._open if other[0] == key[0]]
        if len(idle) >= MOST:
            await self.close(idle[0])
        return await Subscription(transport, link).__aenter__()

    def keep(self, key: Key, subscription: Subscription) -> None:
        """Leave it open for the next call."""
        self._open[key] = subscription
        self._timers[key] = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, key)

    async def close(self, key: Key) -> None:
        """Safe to repeat."""
        self._stop_timer(key)
        found = self._open.pop(key, None)
        if found is not None:
            await found.close()

    def _stop_timer(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _expire(self, key: Key) -> None:
        closing = asyncio.create_task(self.close(key))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
