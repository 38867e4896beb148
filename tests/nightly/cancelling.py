"""People cancel runs at any moment, and while their workers die at crash points (F-39): one of two, and never both."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from tests.faults.deaths import POINTS, died_at
from tests.faults.plant import Plant, end
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "people cancel what is ending, and what its worker dies with"
PROVES = "F-39"
RACES = 1000
RUNS: Final = 20
_TOGETHER: Final = 50
_LATEST: Final = 2.0
"""Seconds after its event at which a run is cancelled at most, in the beginning."""
_OTHER: Final = {"pending", "running", "waiting", "suspended", "faulted"}


async def one_round(folder: Path, random: Random, outcome: Outcome, *, races: int = RACES) -> None:
    """`races` of a person with a run's end; then runs cancelled around each crash point of their worker."""
    async with Plant(folder) as plant:
        worker = plant.start_worker()
        answers = await _races(plant, random, outcome, races)
        states = await _ended(plant)
        assert states.get("cancelled", 0) == answers[200], f"F-39: {states}, and the answers were {answers}"
        assert states.get("completed", 0) == answers[409], f"F-39: {states}, and the answers were {answers}"
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 120) == 0
        for point in POINTS:
            await _at(plant, point, outcome)
        states = await _ended(plant)
        # A sale that was under way when its run was cancelled may be made; nobody makes it twice.
        sold = (await plant.erp_state())["confirmed"]
        assert states["completed"] <= sold <= outcome.runs, f"I3: {sold} sales, {states}"
        # The last one was ended with messages in its hands.
        plant.start_worker()
        await check_world(plant, accepted=outcome.runs, sold=sold, states=states)
        outcome.note = (
            f"{answers[200]} of {races} races won by the person, {answers[409]} by the run; "
            f"{states['cancelled']} cancelled in all, 0 ended twice"
        )


async def _races(plant: Plant, random: Random, outcome: Outcome, races: int) -> Counter[int]:
    """How often each status was answered: 200 to a person who won, 409 to one who lost."""
    answers: Counter[int] = Counter()
    latest = _LATEST
    for _ in range(0, races, _TOGETHER):
        first, outcome.runs = outcome.runs, outcome.runs + _TOGETHER
        racing = (_race(plant, number, random.uniform(0, latest)) for number in range(first, outcome.runs))
        found = Counter(await asyncio.gather(*racing))
        # As many of the one as of the other: then most are close.
        latest *= 2.0 if found[200] > found[409] else 0.5
        answers += found
        outcome.faults += _TOGETHER
    assert set(answers) <= {200, 409}, f"F-39: {answers}"
    return answers


async def _race(plant: Plant, number: int, seconds: float) -> int:
    await plant.send_until_taken(number)
    await asyncio.sleep(seconds)
    return await _cancel(plant, f"PO-{number}")


async def _cancel(plant: Plant, key: str) -> int:
    """The answer's status, for the run with this business key."""
    (row,) = await plant.query("SELECT app.show_id('run', run_id) AS id FROM app.run WHERE business_key = $1", key)
    answer = await plant.request("POST", f"/v1/runs/{row['id']}/cancel")
    return answer.status


async def _at(plant: Plant, point: str, outcome: Outcome) -> None:
    first, outcome.runs = outcome.runs, outcome.runs + RUNS
    await asyncio.gather(*(plant.send_until_taken(number) for number in range(first, outcome.runs)))
    settings = {"WAYBILL_WORKER_SLOTS": "8"}
    worker = plant.start_worker(f"{point}%4" if point != "claim.committed" else point, changes=settings)
    dying = asyncio.create_task(died_at(plant, worker, point))
    for number in range(first, outcome.runs, 2):
        assert await _cancel(plant, f"PO-{number}") in {200, 409}
    await dying
    outcome.faults += 1
    sound = plant.start_worker()
    await _ended(plant)
    # It may have done all of it while Dramatiq's parent still boots, which may lose a milder signal.
    end(sound)


async def _ended(plant: Plant) -> dict[str, int]:
    """The states, once each run has ended, one way or another."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(200):
            while _OTHER & set(await plant.states()):
                await asyncio.sleep(0.1)
    states = await plant.states()
    assert not _OTHER & set(states), f"I1: {msgspec.json.encode(states).decode()}"
    return states
