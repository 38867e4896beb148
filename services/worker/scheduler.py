"""Does at intervals what no event asks for: sweeps, and housekeeping."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from infra.database import surviving
from services.engine.recovery import Swept

_log: Final = logging.getLogger(__name__)
HOUSEKEEPING_SECONDS: Final = 3_600.0
_SHORTEST: Final = 0.01
"""Seconds between two rounds: what is due already may be in another sweeper's hands."""


class Scheduler:
    """One for the process. What fails is logged and tried again at the next interval; neither waits for the other."""

    def __init__(
        self,
        sweep: Callable[[], Awaitable[Swept]],
        keep_house: Callable[[], Awaitable[None]],
        *,
        poll: float,
        wake: Callable[[], None],
        run_solo: Callable[[], None],
    ) -> None:
        """`sweep` every `poll` seconds, sooner when a run is due sooner.

        `wake` after it put something in line, `run_solo` when a suspect waits.
        """
        self._sweep = sweep
        self._keep_house = keep_house
        self._poll = poll
        self._wake = wake
        self._run_solo = run_solo

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._sweeping(), self._housekeeping())

    async def _housekeeping(self) -> None:
        while True:
            with surviving("housekeeping"):
                await self._keep_house()
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    async def _sweeping(self) -> None:
        while True:
            pause = self._poll
            with surviving("sweeping"):
                pause = self._act_on(await self._sweep())
            await asyncio.sleep(pause)

    def _act_on(self, swept: Swept) -> float:
        """Answers the seconds until the next round: no longer than until the next run is due."""
        if swept.requeued or swept.quarantined:
            _log.warning("swept", extra={"requeued": swept.requeued, "quarantined": swept.quarantined})
        if swept.woken:
            self._wake()
        if swept.solo:
            self._run_solo()
        if swept.next_due is None:
            return self._poll
        return min(max(swept.next_due, _SHORTEST), self._poll)
