"""Load on a plant while faults come at random; in the end everything accepted must be done once."""

from __future__ import annotations

import asyncio
import subprocess
from random import Random
from typing import Final

from tests.faults.deaths import POINTS
from tests.faults.plant import Plant, end
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

_BATCH: Final = 40
_LEAST_OPEN: Final = 20
_FINISH_SECONDS: Final = 400.0
# Few slots, so that each death leaves others something to do. Every process may die many times: nothing is poison here.
_SETTINGS: Final = {"WAYBILL_WORKER_SLOTS": "8"}


class Campaign:
    """One round on one plant."""

    def __init__(self, plant: Plant, random: Random, outcome: Outcome) -> None:
        self.plant = plant
        self._random = random
        self._outcome = outcome
        self._sending: list[asyncio.Task[None]] = []
        self._sent = 0
        self._workers: list[subprocess.Popen[bytes]] = []

    async def begin(self, workers: int) -> None:
        await self.plant.faults(latency=0.03)
        self._workers = [self.plant.start_worker(changes=_SETTINGS) for _ in range(workers)]
        self._send()

    def _send(self) -> None:
        numbers = range(self._sent, self._sent + _BATCH)
        self._sent += _BATCH
        self._outcome.runs += _BATCH
        self._sending += [asyncio.create_task(self.plant.send_until_taken(number)) for number in numbers]

    async def keep_busy(self) -> None:
        """Send more when little is left to do."""
        states = await self.plant.states()
        if self._sent - states.get("completed", 0) < _LEAST_OPEN:
            self._send()

    async def pause(self, most: float) -> None:
        """A random moment: faults come when they like."""
        await asyncio.sleep(self._random.uniform(0, most))

    async def kill_a_worker(self) -> None:
        """Kill one with its children, whatever it does, and start another; a third of those die at a crash point."""
        place = self._random.randrange(len(self._workers))
        end(self._workers[place])
        self._outcome.faults += 1
        point = ""
        if self._random.random() < 1 / 3:
            point = f"{self._random.choice(POINTS)}%{self._random.randint(1, 30)}"
        self._workers[place] = self.plant.start_worker(point, changes=_SETTINGS)

    async def finish(self) -> None:
        """No more faults: a sound worker does the rest, and the world is looked at. Raises AssertionError."""
        await asyncio.gather(*self._sending)
        for worker in self._workers:
            end(worker)
        await self.plant.faults()
        self.plant.start_worker()
        await self.plant.all_ended(self._sent, _FINISH_SECONDS)
        await check_world(self.plant, accepted=self._sent)
