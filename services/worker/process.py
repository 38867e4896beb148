"""One worker process: claim loop, journal, scheduler, relay and, when needed, a child for suspects."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

from infra.redis import READY
from infra.settings import Settings
from services.engine.claims import Claims
from services.worker.claim_loop import ClaimLoop
from services.worker.composition import Composition
from services.worker.relay import Relay
from services.worker.scheduler import Scheduler

_log: Final = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 25.0


class WorkerProcess:
    """`start` returns when everything runs; `stop` when everything is handed back or done."""

    def __init__(self, settings: Settings, *, keep_house: Callable[[], None]) -> None:
        """`keep_house` sends for a round of housekeeping; it may block and may fail when Redis is away."""
        self._settings = settings
        self._keep_house = keep_house
        self._composition = Composition(settings)
        self._tasks: list[asyncio.Task[None]] = []
        self._solo: asyncio.subprocess.Process | None = None
        self._starting_solo: asyncio.Task[None] | None = None

    async def start(self) -> None:
        composition = await self._composition.open()
        name = f"{socket.gethostname()}-{os.getpid()}"
        claims = Claims(composition.database, name, self._settings.lease_seconds)
        relay = Relay(composition.database, composition.bell, self._settings.poll_seconds)
        advance = composition.advance(claims, leave_after_commit=lambda: self._loop.stopping, told=relay.nudge)
        self._loop = ClaimLoop(claims, advance, slots=self._settings.worker_slots, poll=self._settings.poll_seconds)
        scheduler = Scheduler(
            composition.database,
            poll=self._settings.poll_seconds,
            solo_limit=self._settings.solo_deaths,
            wake=self._loop.wake,
            run_solo=self.run_solo,
            keep_house=self._keep_house,
        )
        self._start(composition.bell.listen(READY, lambda _: self._loop.wake()))
        self._start(scheduler.run())
        self._start(relay.run())
        self._start(self._loop.run())
        _log.info("worker ready", extra={"worker": name, "slots": self._settings.worker_slots})

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def run_solo(self) -> None:
        """Have a child run the suspects, unless one does already."""
        if self._loop.stopping or (self._starting_solo and not self._starting_solo.done()):
            return
        if self._solo is None or self._solo.returncode is not None:
            self._starting_solo = asyncio.create_task(self._spawn_solo())

    async def _spawn_solo(self) -> None:
        self._solo = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.worker.solo")
        _log.info("suspects run alone", extra={"pid": self._solo.pid})

    async def stop(self) -> None:
        await self._loop.stop(DRAIN_SECONDS)
        if self._solo is not None and self._solo.returncode is None:
            self._solo.terminate()
            await self._solo.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._composition.close()
