"""Ten thousand timers due within one second, and a million that are not (F-16)."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from random import Random
from typing import Any, Final

from infra.database import Database
from services.engine.recovery import sweep
from tests.bench import timers
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "ten thousand timers due at once, and a million pending"
PROVES = "F-16"
TIMERS = 10_000
PENDING = 1_000_000
_MOST_SECONDS: Final = 2.0
"""What is promised of 99 in a hundred is held by the last one; a quiet machine takes a fortieth of it."""
_BATCH: Final = 100_000
_ROUNDS: Final = 50
_ORDERS: Final = 40
# Copies of one run that waits: what they would run does not matter, since their time does not come.
_COPY: Final = (
    "INSERT INTO app.run (tenant_id, run_id, deployment_id, revision, state, turn, due_at, waiting_for, seq) "
    "SELECT tenant_id, app.new_id(), deployment_id, revision, 'waiting', 0, "
    "       clock_timestamp() + interval '1 day' + g * interval '1 second', '{\"kind\": \"timer\"}', 0 "
    "FROM (SELECT * FROM app.run LIMIT 1) r, generate_series(1, $1::int) g"
)


async def one_round(
    folder: Path, _random: Random, outcome: Outcome, *, due: int = TIMERS, pending: int = PENDING
) -> None:
    """Raises AssertionError when one is early or too late, or when a look at the timers reads them all."""
    figures = await timers.measure(due, folder / "due")
    late = figures["ready_after_last_seconds"]
    assert late < _MOST_SECONDS, f"F-16: the last of {due} was ready {late} s after its time"
    outcome.runs = due
    outcome.note = f"{due:,} due within 1 s: all ready {late:.1f} s after the last was due; "
    async with Plant(folder / "pending") as plant:
        worker = plant.start_worker()
        before = await _orders(plant, 0)
        idle, _ = await _sweeps(plant)
        for _ in range(0, pending, _BATCH):
            await plant.query(_COPY, min(_BATCH, pending))
        await plant.query("VACUUM ANALYZE app.run")
        took, plan = await _sweeps(plant)
        assert "Seq Scan" not in plan, plan
        after = await _orders(plant, _ORDERS)
        assert worker.poll() is None
        outcome.runs += pending + 2 * _ORDERS
        await plant.query("DELETE FROM app.run WHERE seq = 0 AND due_at IS NOT NULL")
        await check_world(plant, accepted=2 * _ORDERS)
    outcome.note += (
        f"with {pending:,} pending a sweep takes {idle * 1000:.0f} → {took * 1000:.0f} ms (p50, index scans only), "
        f"{_ORDERS} orders {before:.1f} → {after:.1f} s"
    )


async def _orders(plant: Plant, first: int) -> float:
    """Seconds that some orders take, sent at once."""
    began = time.monotonic()
    await asyncio.gather(*(plant.send_until_taken(number) for number in range(first, first + _ORDERS)))
    await plant.all_ended(first + _ORDERS)
    return time.monotonic() - began


async def _sweeps(plant: Plant) -> tuple[float, str]:
    """Seconds of a sweep, and how PostgreSQL reads what is due."""
    database = await Database(plant.stack.endpoints.worker_database_url).open()
    took = []
    try:
        for _ in range(_ROUNDS):
            began = time.monotonic()
            await sweep(database, 3, 60)
            took.append(time.monotonic() - began)
    finally:
        await database.close()
    plans: list[Any] = []
    for query in (
        "SELECT run_id FROM app.run WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT 2000",
        "SELECT min(due_at) FROM app.run WHERE due_at IS NOT NULL",
        "SELECT run_id FROM app.run WHERE lane = 0 ORDER BY turn, run_id LIMIT 100",
        "SELECT run_id FROM app.run WHERE lease_until <= clock_timestamp() ORDER BY lease_until LIMIT 2000",
    ):
        plans += [row[0] for row in await plant.query(f"EXPLAIN {query}")]
    return statistics.median(took), "\n".join(plans)
