"""Lets a request wait for a run's end without asking the database over and over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec

from infra import ids
from infra.redis import TOLD, Doorbell
from services.engine.lifecycle import TOPIC

POLL_SECONDS = 1.0


class _Told(msgspec.Struct):
    subject: str


class Followers:
    """Who waits for which run. What the relay tells wakes them; a poll each second stands behind it (F-10)."""

    def __init__(self, bell: Doorbell | None) -> None:
        self._bell = bell
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None
        self.released = False

    def open(self) -> None:
        if self._bell is not None:
            self._listening = asyncio.create_task(self._bell.listen(f"{TOLD}:{TOPIC}", self._heard))

    def release(self) -> None:
        """Let everybody go, and whoever comes later: the process is about to end."""
        self.released = True
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def close(self) -> None:
        self.release()
        if self._listening is not None:
            self._listening.cancel()
            # Not awaited itself: its cancellation could not be told from one of ours.
            await asyncio.wait([self._listening], timeout=POLL_SECONDS)

    def _heard(self, message: bytes) -> None:
        with contextlib.suppress(msgspec.MsgspecError, ids.MalformedId):
            run = ids.read("run", msgspec.json.decode(message, type=_Told).subject)
            for event in self._waiting.get(run, ()):
                event.set()

    @asynccontextmanager
    async def following(self, run: UUID) -> AsyncIterator[asyncio.Event]:
        """An event that is set when the run ended. Look at the run after entering, then wait at most `POLL_SECONDS`."""
        event = asyncio.Event()
        self._waiting.setdefault(run, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[run].discard(event)
            if not self._waiting[run]:
                del self._waiting[run]
