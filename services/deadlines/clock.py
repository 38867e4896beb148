"""Looks which deadlines have come and which calendars have changed, and does what is due. Every worker has one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from infra.database import Database, is_outage, surviving
from infra.telemetry import working_for
from infra.under_way import UnderWay
from services.deadlines import acting, changing
from services.deadlines.acting import Taken
from services.deadlines.changing import Change
from services.deadlines.errors import Overtaken
from services.deadlines.kinds import Acts, Begin, Follows
from services.deadlines.zone_changes import find_changes
from tenants.calendars.calendar import NeverOpen

_log: Final = logging.getLogger(__name__)
AT_ONCE: Final = 2
"""Each holds a connection to the database, of eight that the worker has: a flood of them leaves runs most of those."""
_BATCH: Final = 32
_CHANGES: Final = 4
"""Slices between two looks at what has come: whoever changes a calendar of 100,000 deadlines holds nobody's up."""
LEASE_SECONDS: Final = 120.0
_PATIENCE_SECONDS: Final = 30.0


class Clock:
    """Several processes share the work; what one leaves is taken when its lease is over."""

    def __init__(
        self,
        database: Database,
        acts: Acts,
        *,
        wake: Callable[[], None],
        follows: Follows | None = None,
        begins: Sequence[Begin] = (),
    ) -> None:
        """`wake` after something was done: it may have put a run in line. `begins` what is written by triggers."""
        self._database = database
        self._acts = acts
        self._follows = follows or {}
        self._wake = wake
        self._begins = begins
        self._acting: UnderWay[Taken] = UnderWay()

    async def run(self, poll: float) -> None:
        """Until cancelled. First what the rules of time zones have changed while nothing ran."""
        compared = False
        try:
            while True:
                if not compared:
                    with surviving("comparing the rules of time zones"):
                        await find_changes(self._database)
                        compared = True
                with surviving("looking at deadlines"):
                    while await self.round():
                        pass
                await asyncio.sleep(poll)
        finally:
            await self._acting.end()

    async def round(self) -> int:
        """What begins, a few slices of changed calendars, and what has come; answers how many there were of all."""
        begun = sum([await begin(self._database) for begin in self._begins])
        changes = await changing.take(self._database, _CHANGES, LEASE_SECONDS)
        for change in changes:
            await self._carry_on(change)
        taken = await acting.take(self._database, _BATCH, LEASE_SECONDS)
        for one in taken:
            while len(self._acting) >= AT_ONCE:
                await self._acting.wait(_PATIENCE_SECONDS)
            self._acting.begin(self._act(one), one)
        await self._acting.settled()
        return begun + len(changes) + len(taken)

    async def _carry_on(self, change: Change) -> None:
        working_for(change.tenant)
        with surviving("computing deadlines anew"):
            try:
                await changing.carry_on(self._database, change, self._follows)
            except Overtaken:
                _log.debug("a calendar has changed again")

    async def _act(self, taken: Taken) -> None:
        working_for(taken.tenant)
        with surviving("doing a step of a deadline"):
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    if await acting.act(self._database, self._acts, taken):
                        self._wake()
            except Overtaken:
                _log.debug("a deadline is somebody else's by now")
            except Exception as error:
                if not is_outage(error):
                    await acting.fail(self._database, taken, _words(error))
                raise


def _words(error: Exception) -> str:
    """For people: of a calendar's fault its words, of any other one its kind, since its words may hold anything."""
    if isinstance(error, NeverOpen):
        return str(error)
    return f"its step could not be done: {type(error).__name__}; the worker's log has more"
