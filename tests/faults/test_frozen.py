"""A PostgreSQL that takes connections and never answers: it is stopped, not dead."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from services.cli.supervisor import WORKER_PATIENCE
from tests.faults.plant import Plant

pytestmark = [pytest.mark.faults]


def signal_server(plant: Plant, wish: signal.Signals) -> None:
    pid = plant.stack.postgres.pid
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for one in (pid, *map(int, children)):
        with contextlib.suppress(ProcessLookupError):  # one may just have ended
            os.kill(one, wish)


async def test_F_32_a_worker_told_to_stop_ends_although_the_database_does_not_answer(plant: Plant) -> None:
    await plant.faults(latency=2.0)
    worker = plant.start_worker()
    for number in range(4):
        await plant.send_until_taken(number)
    await plant.until_held(1)
    signal_server(plant, signal.SIGSTOP)
    try:
        os.kill(worker.pid, signal.SIGTERM)
        await asyncio.to_thread(worker.wait, 2 * WORKER_PATIENCE)
    finally:
        signal_server(plant, signal.SIGCONT)
    await plant.faults()
    plant.start_worker()
    await plant.all_ended(4)
