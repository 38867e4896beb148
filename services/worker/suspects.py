"""Runs suspects, one at a time, in a process of its own (ADR 0007): `python -m services.worker.suspects`.

A run whose worker died is a suspect. Here it has no neighbours: if it kills its process it dies alone, and after its
first commit it goes back to the others. The process ends when no suspect waits, when it is told to, or when its parent
is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Final

import uvloop

from infra import crash_points, settings
from infra.logs import configure
from services.engine.claims import Claims
from services.worker.claim_loop import ClaimLoop
from services.worker.composition import Composition

_QUIET_ROUNDS: Final = 3
_STOP_SECONDS: Final = 20.0


async def run_suspects(composition: Composition, told_to_stop: asyncio.Event) -> None:
    """Run suspects until none was found for some rounds; what is in hand at the end comes to a commit or goes back."""
    poll = composition.settings.poll_seconds / _QUIET_ROUNDS
    claims = Claims(composition.database, f"solo-{os.getpid()}", composition.settings.lease_seconds)
    advance = composition.advance(claims, leave_after_commit=lambda: True)
    loop = ClaimLoop(claims, advance, slots=1, poll=poll, solo=True, changed=composition.changes.note)
    running = asyncio.create_task(loop.run())
    parent = os.getppid()
    while loop.empty_rounds < _QUIET_ROUNDS and os.getppid() == parent and not running.done():
        ended = asyncio.create_task(told_to_stop.wait())
        done, _ = await asyncio.wait([ended], timeout=poll)
        ended.cancel()
        if done:
            break
    await loop.stop(_STOP_SECONDS)


async def _main() -> None:
    configuration = settings.load()
    configure(configuration.log_level)
    if configuration.crash_points:
        crash_points.arm(configuration.crash_point)
    told_to_stop = asyncio.Event()
    for wish in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wish, told_to_stop.set)
    async with Composition(configuration, "suspects") as composition:
        await run_suspects(composition, told_to_stop)


if __name__ == "__main__":
    uvloop.run(_main())
