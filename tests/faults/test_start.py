"""A worker that cannot do its work says so and ends, so that its supervisor and people see it."""

from __future__ import annotations

import asyncio
import os

import msgspec
import pytest

from tests.faults.plant import Plant

pytestmark = [pytest.mark.faults]


async def test_a_worker_without_a_usable_key_file_ends_with_the_reason(plant: Plant) -> None:
    key = plant.home / "secrets" / "kek"
    key.chmod(0o644)
    worker = plant.start_worker()
    assert await asyncio.to_thread(worker.wait, 90) != 0
    logs = [log.read_text() for log in (plant.home / "logs").glob("worker*.log")]
    assert any("the worker cannot start: The key file's mode is 0644; it must be 0600" in log for log in logs)
    key.chmod(0o600)
    plant.start_worker()
    await plant.send_until_taken(1)
    await plant.all_ended(1)


@pytest.mark.parametrize("processes", [1, 2])
async def test_F_32_a_worker_that_fails_while_it_starts_ends_and_takes_its_siblings_down_in_order(
    plant: Plant, processes: int
) -> None:
    words = ["services.worker.fleet", "tests.faults.broken_worker", "--processes", str(processes), "--threads", "1"]
    worker = plant._spawn("worker", words, plant.environment())
    plant.workers.append(worker)
    assert await asyncio.to_thread(worker.wait, 90) > 0
    written = plant.log_of(worker)
    assert "the worker cannot start" in written
    assert all(msgspec.json.decode(line) for line in written.splitlines()), "one object a line, of all processes"
    with pytest.raises(ProcessLookupError):
        os.killpg(worker.pid, 0)
