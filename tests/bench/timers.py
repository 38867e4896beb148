"""`python -m tests.bench.timers`: how soon runs are ready that are due within one second. Prints one JSON.

The database and the scheduler's own loop are the product's; nothing claims the runs, so that what is measured is the
waking and not the work.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from infra import migrate
from infra.database import Database
from infra.embedded.stack import Stack
from services.engine.claims import Claim, Claims
from services.engine.recovery import Swept, sweep
from services.worker.scheduler import Scheduler
from tests.world import World, deploy, make_tenant, progress, start_runs, write

_BATCH = 500
_AHEAD = 45.0
"""Seconds in which ten thousand can be parked."""


async def measure(count: int, folder: Path, ahead: float = _AHEAD) -> dict[str, Any]:
    """The figures. Raises AssertionError when a run was not parked, not woken, or ready too early."""
    with Stack.start(folder) as stack:
        endpoints = stack.endpoints
        await migrate.upgrade(endpoints.migrator_database_url)
        app, worker = Database(endpoints.database_url), Database(endpoints.worker_database_url)
        await app.open()
        await worker.open()
        try:
            tenant = await make_tenant(app)
            await deploy(app, tenant.tenant_id, "document: {}", event_type="order.captured")
            await _park(app, worker, tenant, count, ahead)
            return await _wake(app, worker, tenant, count)
        finally:
            await worker.close()
            await app.close()


async def _park(app: Database, worker: Database, tenant: World, count: int, ahead: float) -> None:
    first = time.monotonic() + ahead
    for begin in range(0, count, _BATCH):
        await start_runs(app, tenant.tenant_id, min(_BATCH, count - begin))
        claims: list[Claim] = await Claims(worker, "timers", 600).take(_BATCH)
        parked = [
            msgspec.structs.replace(
                progress(claim, "waiting"), delay=first + (begin + place) / count - time.monotonic()
            )
            for place, claim in enumerate(claims)
        ]
        assert set(await write(worker, *parked)) == {"committed"}
    assert time.monotonic() < first, "parking took longer than the time that was set for it"


async def _wake(app: Database, worker: Database, tenant: World, count: int) -> dict[str, Any]:
    async with app.tenant(tenant.tenant_id) as connection:
        row = await connection.fetchrow(
            "SELECT count(*), min(due_at), max(due_at), max(due_at) - clock_timestamp() AS ahead FROM app.run"
        )
    assert row["count"] == count
    woken, rounds, done = 0, 0, asyncio.Event()

    async def look() -> Swept:
        nonlocal woken, rounds
        swept = await sweep(worker, 3, 60)
        woken, rounds = woken + swept.woken, rounds + bool(swept.woken)
        if woken >= count:
            done.set()
        return swept

    async def nothing() -> None:
        return

    scheduler = Scheduler(look, nothing, poll=1.0, wake=lambda: None, run_solo=lambda: None)
    task = asyncio.create_task(scheduler.run())
    async with asyncio.timeout(row["ahead"].total_seconds() + 300):
        await done.wait()
    async with app.tenant(tenant.tenant_id) as connection:
        after = await connection.fetchrow(
            "SELECT clock_timestamp() AS now, count(*) FILTER (WHERE lane = 0) AS ready FROM app.run"
        )
    task.cancel()
    assert after["ready"] == count
    return {
        "runs": count,
        "due_within_seconds": round((row["max"] - row["min"]).total_seconds(), 3),
        "ready_after_first_seconds": round((after["now"] - row["min"]).total_seconds(), 3),
        "ready_after_last_seconds": round((after["now"] - row["max"]).total_seconds(), 3),
        "rounds": rounds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(given.runs, Path(folder)))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(figures)).decode() + "\n")


if __name__ == "__main__":
    main()
