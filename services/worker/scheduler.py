"""Does at intervals what no event asks for: sweeps, and sends for housekeeping."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from infra.clock import monotonic
from infra.database import Database, surviving
from services.engine.recovery import sweep

_log: Final = logging.getLogger(__name__)
HOUSEKEEPING_SECONDS: Final = 3_600.0


class Scheduler:
    """One for the process; intervals in seconds."""

    def __init__(  # noqa: PLR0913 (three intervals' worth of wiring, all by name)
        self,
        database: Database,
        *,
        poll: float,
        solo_limit: int,
        wake: Callable[[], None],
        run_solo: Callable[[], None],
        keep_house: Callable[[], None],
    ) -> None:
        """`wake` after something was put in line; `run_solo` when a suspect waits; `keep_house` once an hour."""
        self._database = database
        self._poll = poll
        self._solo_limit = solo_limit
        self._wake = wake
        self._run_solo = run_solo
        self._keep_house = keep_house

    async def run(self) -> None:
        """Until cancelled; an outage of the database skips a round."""
        next_house = monotonic()
        while True:
            with surviving("sweeping"):
                await self._sweep()
            if monotonic() >= next_house:
                next_house = monotonic() + HOUSEKEEPING_SECONDS
                await asyncio.to_thread(self._keep_house)
            await asyncio.sleep(self._poll)

    async def _sweep(self) -> None:
        swept = await sweep(self._database, self._solo_limit)
        if swept.requeued or swept.quarantined:
            _log.warning("swept", extra={"requeued": swept.requeued, "quarantined": swept.quarantined})
        if swept.woken:
            self._wake()
        if swept.solo:
            self._run_solo()
