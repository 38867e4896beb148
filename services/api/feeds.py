"""Every tenant's feed of changes in this process: one subscription, one read for all watchers of a tenant, limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from infra.database import Database
from infra.problems import Unavailable
from infra.redis import CHANGED, Doorbell
from services.api.errors import TooManyStreams
from services.api.feed import TenantFeed, Watcher
from services.engine import changes

MOST_OF_TENANT: Final = 20
MOST: Final = 1_000
_READERS: Final = 2  # of the pool's connections, so that streams never take them from requests (F-23)


class Feeds:
    """One for the process. Whoever reads the database for a stream does so inside `gate`."""

    def __init__(self, database: Database, bell: Doorbell | None) -> None:
        self._database = database
        self._bell = bell
        self.gate = asyncio.Semaphore(_READERS)
        self._feeds: dict[bytes, TenantFeed] = {}
        self._running: dict[bytes, asyncio.Task[None]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._count = 0
        self.released = False

    def open(self) -> None:
        if self._bell is not None:
            self._listening = asyncio.create_task(self._bell.listen(CHANGED, self._heard))

    def release(self) -> None:
        """Let every watcher go, and take no more: the process is about to end."""
        self.released = True
        for feed in self._feeds.values():
            feed.release()

    async def close(self) -> None:
        self.release()
        tasks = [task for task in (self._listening, *self._running.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _heard(self, message: bytes) -> None:
        if message == changes.EVERYTHING:
            for feed in self._feeds.values():
                feed.ring_all()
            return
        for tenant, run in changes.decode(message):
            watched = self._feeds.get(tenant)
            if watched is not None:
                watched.ring(UUID(bytes=run))

    @asynccontextmanager
    async def watching(self, tenant: UUID, run: UUID | None = None) -> AsyncIterator[Watcher]:
        """A watcher of the tenant's runs, or of one; from entering on it misses nothing.

        Raises:
            TooManyStreams: of this tenant.
            Unavailable: of this process, or the process is about to end.
        """
        self._check(tenant)
        watcher, key = Watcher(run), tenant.bytes
        feed = self._feeds.setdefault(key, TenantFeed(self._database, tenant, self.gate))
        self._count += 1
        try:
            with feed.watched_by(watcher):
                await feed.ready()
                if key not in self._running:
                    self._running[key] = asyncio.create_task(feed.run())
                if self.released:
                    watcher.leave()
                yield watcher
        finally:
            self._count -= 1
            if not len(feed):
                await self._stop(key, feed)

    def _check(self, tenant: UUID) -> None:
        if self.released or self._count >= MOST:
            raise Unavailable("No stream can be opened here now", retry_after=5)
        feed = self._feeds.get(tenant.bytes)
        if feed is not None and len(feed) >= MOST_OF_TENANT:
            raise TooManyStreams(f"{MOST_OF_TENANT} streams are open for this client and environment; close one")

    async def _stop(self, key: bytes, feed: TenantFeed) -> None:
        """Nobody watches any more. A watcher that comes now makes a feed of its own."""
        if self._feeds.get(key) is not feed:
            return
        del self._feeds[key]
        task = self._running.pop(key, None)
        if task is not None:
            task.cancel()
            # Not awaited itself: its cancellation could not be told from one of ours.
            await asyncio.wait([task])
