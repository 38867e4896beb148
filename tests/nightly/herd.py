"""Three workers that are killed and born again: at random moments, and at crash points of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from tests.faults.deaths import POINTS
from tests.faults.plant import Plant
from tests.nightly.nursery import Nursery

_POINTS: Final = (*POINTS, "emit.taken")
# Few slots, so that each death leaves others something to do. Every process may die many times: nothing is poison here.
SETTINGS: Final = {"WAYBILL_WORKER_SLOTS": "8", "WAYBILL_SOLO_DEATHS": "100"}
_FARTHEST: Final = 6
"""Passings of its crash point that a worker survives at most."""
_CRASH: Final = re.compile(r"crash point (\S+) in (\d+)\n")
_AT_WORK: Final = 0.7
"""Share of the deaths at random moments that wait until the worker holds a run, `_PATIENCE` seconds at most."""
_PATIENCE: Final = 1.5
_INTO_IT: Final = 0.1
_ARMED: Final = 0.6
"""Share of the workers that carry a crash point."""


class Deaths(msgspec.Struct):
    """What the herd has lost.

    Attributes:
        at_points: by the name of the crash point.
        beside: of suspects' children, which carry the crash point of their worker; no kills of workers.
        at_work: workers that were killed at a random moment while they held runs; `held` runs in all.
    """

    random: int = 0
    beside: int = 0
    at_points: dict[str, int] = {}
    at_work: int = 0
    held: int = 0

    @property
    def kills(self) -> int:
        return self.random + sum(self.at_points.values())


class _Worker(msgspec.Struct, frozen=True):
    pid: int
    log: Path
    armed: bool

    @property
    def lives(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def name(self) -> str:
        """As it signs its claims."""
        return f"{socket.gethostname()}-{self.pid}"


class Herd:
    """Use as `with Herd(plant, random) as herd`."""

    def __init__(self, plant: Plant, random: Random, nursery: Nursery, size: int = 3) -> None:
        self._plant = plant
        self._random = random
        self._nursery = nursery
        self._born = 0
        self.deaths = Deaths()
        self._living = [self._bear() for _ in range(size)]

    def _bear(self) -> _Worker:
        self._born += 1
        armed = self._random.random() < _ARMED
        point = f"{self._random.choice(_POINTS)}%{self._random.randint(1, _FARTHEST)}"
        wishes = {"WAYBILL_CRASH_POINTS": "1" if armed else "0", "WAYBILL_CRASH_POINT": point if armed else ""}
        log = self._plant.home / "logs" / f"herd-{self._born}.log"
        return _Worker(self._nursery.bear(self._plant.environment({**SETTINGS, **wishes}), log), log, armed)

    async def kill(self) -> None:
        """Replace whoever died at its crash point meanwhile; when nobody did, kill one, whatever it does."""
        fallen = [place for place, worker in enumerate(self._living) if not worker.lives]
        for place in fallen:
            self._bury(self._living[place])
            self._living[place] = self._bear()
        if not fallen:
            place = self._random.randrange(len(self._living))
            await self._take(self._living[place])
            self._living[place] = self._bear()

    def _bury(self, worker: _Worker) -> None:
        """Count a death at a crash point; any other is a defect. What it started goes with it."""
        log = worker.log.read_text(encoding="utf-8", errors="replace")
        met = [point for point, pid in _CRASH.findall(log) if int(pid) == worker.pid]
        assert len(met) == 1, f"a worker ended by itself: {log[-1500:]}"
        self.deaths.at_points[met[0]] = self.deaths.at_points.get(met[0], 0) + 1
        _end(worker)

    async def _take(self, worker: _Worker) -> None:
        """Kill it at this moment, or for most of them a moment after it has something in its hands.

        Most of those that carry a crash point are given the time to come there.
        """
        if worker.armed and self._random.random() < _AT_WORK:
            await _until(_PATIENCE, lambda: not worker.lives)
        held = await self._held(worker)
        if self._random.random() < _AT_WORK:
            until = time.monotonic() + _PATIENCE
            while not held and worker.lives and time.monotonic() < until:
                await asyncio.sleep(0.02)
                held = await self._held(worker)
            await asyncio.sleep(self._random.uniform(0, _INTO_IT))
        if not worker.lives:
            self._bury(worker)
            return
        _end(worker)
        self.deaths.random += 1
        self.deaths.at_work += bool(held)
        self.deaths.held += held

    async def _held(self, worker: _Worker) -> int:
        rows = await self._plant.query("SELECT count(*)::int AS n FROM app.run WHERE claimed_by = $1", worker.name)
        found: int = rows[0]["n"]
        return found

    async def end(self) -> None:
        """Everybody is dead when it returns."""
        for worker in self._living:
            _end(worker)
        while any(worker.lives for worker in self._living):
            await asyncio.sleep(0.01)
        logs = (self._plant.home / "logs").glob("herd-*.log")
        met = sum(len(_CRASH.findall(log.read_text(encoding="utf-8", errors="replace"))) for log in logs)
        self.deaths.beside = met - sum(self.deaths.at_points.values())


async def _until(seconds: float, there: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not there() and time.monotonic() < until:
        await asyncio.sleep(0.01)


def _end(worker: _Worker) -> None:
    try:
        os.killpg(worker.pid, signal.SIGKILL)
    except ProcessLookupError:
        # Born a moment ago: it leads no group yet, and nobody has been born to it.
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
