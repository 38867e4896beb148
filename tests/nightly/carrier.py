"""Story 4: the carrier's API answers 503 while parcels are under way, one worker dies meanwhile, and it comes back."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from services.engine.outages import DRAINED_PER_SECOND
from tests.faults.deaths import kill_together
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.figures import ahead
from tests.nightly.outcome import Outcome
from tests.nightly.parcels import CENTS, OWNER, Carrier, asked

PART = "the carrier's API goes down"
PROVES = "F-20, F-21"
ORDERS: Final = 200
_TOLD_SECONDS: Final = 60.0
_CALLS: Final = 20
"""That may find nobody before the connection is left alone."""
_BESIDE: Final = 2 * DRAINED_PER_SECOND
"""Places that a run may end before or after its promise's: those of two seconds are under way at once."""
_RETYPED: Final = ("run.retried", "run.resumed", "run.cancelled", "runs.redriven", "effect.decided")
_ENDS: Final = (
    "SELECT r.run_id, r.deadline, extract(epoch FROM r.ended_at - o.ended_at)::float8 AS after FROM app.run r, "
    "(SELECT max(ended_at) AS ended_at FROM app.outage) o WHERE r.ended_at > $1 ORDER BY r.ended_at"
)


async def one_round(folder: Path, random: Random, outcome: Outcome, *, orders: int = ORDERS) -> None:
    """Raises AssertionError naming what of the story did not come true."""
    async with Plant(folder) as plant:
        carrier = await Carrier.moved_in(plant)
        workers = [plant.start_worker(), plant.start_worker()]
        await carrier.fails(latency=0.2)
        promises = [_promise(hour) for hour in random.sample(range(1, 10 * orders), orders)]
        sent = (carrier.pack(number, promise) for number, promise in enumerate(promises))
        assert {*await asyncio.gather(*sent)} == {202}
        outcome.runs = orders
        await plant.until_held(4)
        before = await carrier.requests()
        await carrier.fails(unavailable=1.0)
        began = time.monotonic()
        held = await kill_together(plant, workers[0])
        told = await _told(plant, carrier.connection)
        waiting = await _all_wait(plant, carrier.connection)
        seen = time.monotonic() - began
        assert seen < _TOLD_SECONDS, f"it was seen after {seen:.0f} s what waits"
        plant.start_worker()
        calls = await _calls_in_vain(plant, carrier, before)
        (row,) = await plant.query("SELECT clock_timestamp() AS now")
        await carrier.fails()
        await plant.all_ended(orders, 300)
        most = await _drained(plant, row["now"], held)
        rerouted = await _read_elsewhere(plant)
        await nobody_retyped(plant)
        await carrier.check_labels(orders)
        await check_world(plant, accepted=orders, sold=0)
        outcome.faults = 2
        outcome.note = (
            f"{calls} calls in vain, the owner told after {told:.1f} s, {waiting} waiting seen after {seen:.0f}; "
            f"{held} held at the death; {rerouted} reads elsewhere; "
            f"at most {most:.0f} ahead of {DRAINED_PER_SECOND} a second"
        )


def _promise(hour: int) -> str:
    return (datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).isoformat()


async def _told(plant: Plant, carrier: str) -> float:
    """Seconds until the connection's owner had a notice."""
    began = time.monotonic()
    while not (found := (await asked(plant, "GET", f"/v1/notices?connection={carrier}"))["items"]):
        assert time.monotonic() - began < _TOLD_SECONDS, "the owner is not told"
        await asyncio.sleep(0.1)
    assert [(one["kind"], one["owner"]) for one in found] == [("connection.away", OWNER)]
    return time.monotonic() - began


async def _all_wait(plant: Plant, carrier: str) -> int:
    """How many runs wait for the carrier, once all do that have not ended and no worker holds one of them."""
    async with asyncio.timeout(2 * _TOLD_SECONDS):
        while True:
            waiting = (await asked(plant, "GET", f"/v1/connections/{carrier}/outage?limit=1"))["waiting"]
            left = await plant.query("SELECT value_amount, deadline FROM app.run WHERE ended_at IS NULL")
            # Who stood in line for one of its slots as it went away waits there with the others.
            if waiting["runs"] == len(left) and "connection" in waiting["kinds"] and not await plant.held():
                break
            await asyncio.sleep(0.1)
    assert {row["value_amount"] for row in left} == {CENTS}
    worth = CENTS * len(left)
    assert [(one["amount"], one["currency"], one["runs"]) for one in waiting["worth"]] == [(worth, "USD", len(left))]
    earliest = min(row["deadline"] for row in left)
    assert datetime.fromisoformat(waiting["earliest_deadline"]) == earliest
    assert waiting["items"][0]["deadline"] == waiting["earliest_deadline"], "the oldest promise goes first"
    return len(left)


async def _calls_in_vain(plant: Plant, carrier: Carrier, before: int) -> int:
    (row,) = await plant.query("SELECT probes FROM app.outage WHERE ended_at IS NULL")
    calls = await carrier.requests() - before - row["probes"]
    assert calls <= _CALLS, f"{calls} calls found nobody beside {row['probes']} that tried"
    found: int = calls
    return found


async def _drained(plant: Plant, since: datetime, held: int) -> float:
    """How far the runs were ahead of their rate; they ended in the order of their promises, or nearly.

    Those of the worker that died come back alone, each in its own time, and so may the one that tried.
    """
    rows = await plant.query(_ENDS, since)
    promised = {row["run_id"]: place for place, row in enumerate(sorted(rows, key=lambda row: row["deadline"]))}
    astray = [row for place, row in enumerate(rows) if abs(promised[row["run_id"]] - place) > _BESIDE + held]
    assert len(astray) <= held + 1, f"{len(astray)} of {len(rows)} did not go on in the order of their promises"
    most = ahead([row["after"] for row in rows], DRAINED_PER_SECOND)
    assert most <= 1 + held, f"F-21: {most:.0f} more than {DRAINED_PER_SECOND} a second"
    return most


async def _read_elsewhere(plant: Plant) -> int:
    """Reads that were made on the fallback."""
    (row,) = await plant.query("SELECT count(*)::int AS n FROM app.journal WHERE kind = 'task.rerouted'")
    assert row["n"] > 0, "nothing was read elsewhere"
    found: int = row["n"]
    return found


async def nobody_retyped(plant: Plant) -> None:
    rows = await plant.query("SELECT action, actor FROM app.audit WHERE action = ANY ($1::text[])", list(_RETYPED))
    assert rows == [], f"somebody had to help: {rows[:3]}"
