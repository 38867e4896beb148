"""Keeps a worker's slots full: claims ready runs, holds their leases, lets them go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from uuid import UUID

from infra import crash_points, ids
from infra.database import surviving
from infra.telemetry import instruments, working_for
from services.engine.changes import Pair
from services.engine.claims import Claim, Claims
from services.worker.nudge import Nudge

_log: Final = logging.getLogger(__name__)
_OUTAGE_SECONDS: Final = 0.25
# Above this many runs in hand the loop waits a moment before each claim: a batch costs little more than a single one.
_BUSY: Final = 8
_BUSY_SECONDS: Final = 0.002
# Time for the database's answer to a last claim, and to the hand-back.
_ANSWER_SECONDS: Final = 5.0

Activate = Callable[[Claim], Awaitable[None]]


class ClaimLoop:
    """One for the process. `wake` may be called at any time, from the loop's own thread."""

    def __init__(  # noqa: PLR0913 (wiring, done once)
        self,
        claims: Claims,
        activate: Activate,
        *,
        slots: int,
        poll: float,
        solo: bool = False,
        changed: Callable[[Iterable[Pair]], None] = lambda _: None,
    ) -> None:
        """`slots` runs at most at once; `poll` in seconds; `solo` claims suspects instead, one by one.

        `changed` is told the tenant and run of each claim after its commit; it must not wait nor raise.

        Attributes:
            empty_rounds: rounds in a row that found nothing while nothing was in hand.
        """
        self._claims = claims
        self._activate = activate
        self._slots = 1 if solo else slots
        self._solo = solo
        self._changed = changed
        self.empty_rounds = 0
        self._held: dict[UUID, tuple[Claim, asyncio.Task[None]]] = {}
        self._woken = Nudge(poll)
        self._idle = asyncio.Event()
        self._idle.set()
        self.stopping = False

    def wake(self) -> None:
        self._woken()

    async def run(self) -> None:
        """Claim until `stop`."""
        renewing = asyncio.create_task(self._renew())
        self._idle.clear()
        try:
            while not self.stopping:
                if await self._fill():
                    await self._woken.wait()
                if len(self._held) > _BUSY:
                    await asyncio.sleep(_BUSY_SECONDS)
        finally:
            self._idle.set()
            if self._held:
                await asyncio.wait([task for _, task in self._held.values()])
            renewing.cancel()

    async def stop(self, seconds: float) -> None:
        """Claim no more; let what is in hand come to a commit, for at most `seconds`; hand the rest back.

        With a database that does not answer it takes 5 s more; what could not be handed back waits for its lease's end.
        """
        self.stopping = True
        self.wake()
        clock = asyncio.get_running_loop()
        until = clock.time() + seconds
        # A claim may be under way: its runs are in hand when the loop has ended, and not before.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, _ANSWER_SECONDS)):
                await self._idle.wait()
        if self._held:
            await asyncio.wait([task for _, task in self._held.values()], timeout=max(until - clock.time(), 0))
        left = [claim for claim, _ in self._held.values()]
        for _, task in list(self._held.values()):
            task.cancel()
        with surviving("handing runs back"):
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._claims.release(left)

    async def _fill(self) -> bool:
        """Claim into the free slots; True when there is nothing to do until somebody wakes us."""
        free = self._slots - len(self._held)
        if free <= 0:
            return True
        taken = None
        with surviving("claiming"):
            taken = await self._claims.take(free, solo=self._solo)
        if taken is None:
            await asyncio.sleep(_OUTAGE_SECONDS)
            return False
        self.empty_rounds = 0 if taken or self._held else self.empty_rounds + 1
        if taken:
            instruments.CLAIMS.add(len(taken))
            crash_points.pass_by("claim.committed")
            self._changed([(claim.tenant_id, claim.run_id) for claim in taken])
        for claim in taken:
            self._held[claim.run_id] = (claim, asyncio.create_task(self._hold(claim)))
        return len(taken) < free

    async def _hold(self, claim: Claim) -> None:
        working_for(claim.tenant_id, claim.run_id)
        try:
            crash_points.pass_by("activation.begun")
            await self._activate(claim)
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001
            # The run keeps its lease until that lapses and comes back a suspect: a mistake of ours hurts it alone.
            _log.exception("activation failed")
        finally:
            held = self._held.get(claim.run_id)
            if held is not None and held[0] is claim:
                del self._held[claim.run_id]
            if len(self._held) >= self._slots - 1 or not self._held:
                self.wake()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._claims.lease / 3)
            held = [claim for claim, _ in self._held.values()]
            if not held:
                continue
            kept = None
            with surviving("renewing leases"):
                kept = await self._claims.renew(held)
            for claim in held:
                current = self._held.get(claim.run_id)
                if kept is not None and claim.run_id not in kept and current is not None and current[0] is claim:
                    who = {"tenant": ids.show("ten", claim.tenant_id), "run": ids.show("run", claim.run_id)}
                    _log.warning("lease lost", extra=who)
                    current[1].cancel()
