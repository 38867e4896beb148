"""A worker that cannot do its work says so and ends, so that its supervisor and people see it."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.plant import Plant

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


async def test_a_worker_without_a_usable_key_file_ends_with_the_reason(plant: Plant) -> None:
    key = plant.home / "secrets" / "kek"
    key.chmod(0o644)
    worker = plant.start_worker()
    assert await asyncio.to_thread(worker.wait, 30) != 0
    logs = [log.read_text() for log in (plant.home / "logs").glob("worker*.log")]
    assert any("the worker cannot start: The key file's mode is 0644; it must be 0600" in log for log in logs)
    key.chmod(0o600)
    plant.start_worker()
    await plant.send_until_taken(1)
    await plant.all_ended(1)
