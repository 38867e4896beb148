"""Runs suspects, one at a time, in a process of its own (ADR 0007).

A run whose worker died is a suspect. Here it has no neighbours: if it kills its process it dies alone, and after its
first commit it goes back to the others. The process ends when no suspect waits or its parent is gone.
"""

from __future__ import annotations

import asyncio
import os
from typing import Final

import uvloop

from infra import crash_points, settings
from infra.logs import configure
from services.engine.claims import Claims
from services.worker.claim_loop import ClaimLoop
from services.worker.composition import Composition

_QUIET_ROUNDS: Final = 3
_STOP_SECONDS: Final = 30.0


async def run_suspects(composition: Composition) -> None:
    """Run suspects until none was found for some rounds."""
    poll = composition.settings.poll_seconds / _QUIET_ROUNDS
    claims = Claims(composition.database, f"solo-{os.getpid()}", composition.settings.lease_seconds)
    advance = composition.advance(claims, leave_after_commit=lambda: True)
    loop = ClaimLoop(claims, advance, slots=1, poll=poll, solo=True)
    running = asyncio.create_task(loop.run())
    parent = os.getppid()
    # Three ends are watched, one of them only the system knows: a look now and then is all that serves.
    while loop.empty_rounds < _QUIET_ROUNDS and os.getppid() == parent and not running.done():  # noqa: ASYNC110
        await asyncio.sleep(poll)
    await loop.stop(_STOP_SECONDS)
    await running


async def _main() -> None:
    configuration = settings.load()
    configure(configuration.log_level)
    if configuration.crash_points:
        crash_points.arm(configuration.crash_point)
    async with Composition(configuration) as composition:
        await run_suspects(composition)


if __name__ == "__main__":
    uvloop.run(_main())
