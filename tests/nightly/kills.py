"""Workers killed at random times and at random crash points (F-01, F-05), and every effect counted outside.

`python -m tests.nightly.kills --kills 1000` is the campaign alone; it writes its figures to `docs/reliability.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Final

from infra import ids
from tests.faults.plant import Plant
from tests.nightly import ledger, report
from tests.nightly.herd import SETTINGS, Herd
from tests.nightly.journeys import Journeys
from tests.nightly.nursery import Nursery
from tests.nightly.outcome import Outcome
from tests.nightly.till import Till

PART = "workers killed at random"
PROVES = "F-01, F-03, F-05"
KILLS = 150
PAUSE: Final = 0.2
"""Seconds between two deaths, on the average."""
_LEAST_OPEN: Final = 24
_FINISH_SECONDS: Final = 600.0


async def one_round(
    folder: Path, random: Random, outcome: Outcome, *, kills: int = KILLS, pause: float = PAUSE
) -> ledger.Ledger:
    """Three workers, `kills` deaths. Raises AssertionError naming the broken invariant."""
    async with Till() as till, Plant(folder) as plant:
        await plant.faults(latency=0.05)
        work = Journeys(plant, till.url)
        await work.deploy()
        with Nursery(plant.environment()) as nursery:
            herd = Herd(plant, random, nursery)
            talking = asyncio.create_task(_talk(work))
            while herd.deaths.kills < kills:
                await _keep_busy(plant, work)
                await asyncio.sleep(random.uniform(0, 2 * pause))
                before = herd.deaths.kills
                await herd.kill()
                outcome.faults += herd.deaths.kills - before
            await work.sent()
            outcome.runs += work.accepted
            await herd.end()
        await plant.faults()
        plant.start_worker(changes={"WAYBILL_SOLO_DEATHS": SETTINGS["WAYBILL_SOLO_DEATHS"]})
        await _until_ended(plant, work.accepted, talking)
        found = await ledger.read(plant, work, till)
        outcome.note = f"{outcome.faults:,} workers killed; {found.words}"
        found.deaths = herd.deaths
        await ledger.check(plant, found)
    return found


async def _keep_busy(plant: Plant, work: Journeys) -> None:
    """Send more when little is left to do."""
    await _decide(plant)
    states = await plant.states()
    if work.accepted - states.get("completed", 0) - states.get("faulted", 0) < _LEAST_OPEN:
        work.send(orders=16, journeys=8, shots=8)


async def _talk(work: Journeys) -> None:
    while True:
        await work.say_ready()
        await asyncio.sleep(0.5)


async def _decide(plant: Plant) -> None:
    """A person is asked what became of shots whose worker died, and does not know either."""
    rows = await plant.query(
        "SELECT run_id, key, version FROM app.effect WHERE asked_at IS NOT NULL AND status = 'unknown'"
    )
    for row in rows:
        path = f"/v1/runs/{ids.show('run', row['run_id'])}/effects/{row['key']}/decide"
        answer = await plant.request("POST", path, {"decision": "fail", "version": row["version"]})
        assert answer.status in {HTTPStatus.OK, HTTPStatus.CONFLICT}, answer.body


async def _until_ended(plant: Plant, count: int, talking: asyncio.Task[None]) -> None:
    """Return when `count` runs have ended, or when time is up: then the ledger says what was lost."""
    until = time.monotonic() + _FINISH_SECONDS
    while time.monotonic() < until:
        await _decide(plant)
        states = await plant.states()
        if states.get("completed", 0) + states.get("faulted", 0) >= count:
            break
        if talking.done():
            talking.result()
        await asyncio.sleep(0.1)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)


async def campaign(kills: int, seed: str, pause: float) -> tuple[Outcome, ledger.Ledger | None]:
    outcome, began, found = Outcome(part=PART, proves=PROVES), time.monotonic(), None
    dice = Random(f"{seed}/campaign")  # noqa: S311 (dice that can be thrown again)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        try:
            found = await one_round(Path(folder) / "home", dice, outcome, kills=kills, pause=pause)
        except AssertionError as error:
            outcome.failure = f"{error}"
    outcome.minutes = (time.monotonic() - began) / 60
    return outcome, found


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.nightly.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds between two deaths, on the average")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--page", type=Path, default=report.PAGE)
    given = parser.parse_args(words)
    outcome, found = asyncio.run(campaign(given.kills, given.seed, given.pause))
    text = ledger.table(outcome, found, given.seed)
    sys.stdout.write(text + "\n")
    if found is not None:
        report.put(given.page, report.CAMPAIGN, text)
    return 1 if outcome.failure else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
