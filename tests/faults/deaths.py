"""How a process died: read from what it and its parent wrote, so that no other death passes for a crash point's."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections import Counter
from typing import Final

from dramatiq.cli import RET_KILLED

from tests.faults.plant import Plant

POINTS: Final = (
    "claim.committed",
    "activation.begun",
    "call.before",
    "call.answered",
    "checkpoint.before",
    "checkpoint.committed",
    "end.before",
    "end.committed",
)
"""The crash points that an order passes."""

_CRASH = re.compile(r"crash point (\S+) in (\d+)\n")
_END = re.compile(r"Worker with PID (\d+) exited unexpectedly \(code (-?\d+)\)")


def crashes(plant: Plant, process: subprocess.Popen[bytes]) -> Counter[str]:
    """How often each crash point was met in the process and its children."""
    return Counter(name for name, _ in _CRASH.findall(plant.log_of(process)))


async def died_at(plant: Plant, worker: subprocess.Popen[bytes], point: str) -> None:
    """Wait for a worker's end; it must have been killed at `point`, once.

    Dramatiq's main process ends with the process that works, and with a code of its own when a signal killed it. It
    names that process too, unless it died before the main process listened. The children that run suspects alone carry
    the same order; they may have died at the point before, under process ids of their own.
    """
    assert await asyncio.to_thread(worker.wait, 120) == RET_KILLED
    log = plant.log_of(worker)
    met = _CRASH.findall(log)
    assert {name for name, _ in met} == {point}, log[-2000:]
    assert max(Counter(pid for _, pid in met).values()) == 1, "a process went on after its crash point"
    for pid, code in _END.findall(log):
        assert int(code) == -signal.SIGKILL
        assert (point, pid) in met, f"{pid} died elsewhere: {met}"


async def kill_together(plant: Plant, *workers: subprocess.Popen[bytes], least: int = 1) -> int:
    """Kill whole groups at once, in the middle of their work: at least `least` runs are held. Answers how many were."""
    await plant.until_held(least)
    for worker in workers:
        assert worker.poll() is None, "the worker was dead before it was killed"
        os.killpg(worker.pid, signal.SIGKILL)
    held = await plant.held()
    for worker in workers:
        assert await asyncio.to_thread(worker.wait, 60) == -signal.SIGKILL
    assert held >= least, f"{held} runs were held at the kill"
    return held
