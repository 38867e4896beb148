"""F-25: PostgreSQL's disk is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.plant import Plant
from tests.faults.world_check import check_world

pytestmark = [pytest.mark.faults]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 MiB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("a small file system could not be mounted; CI runs as root and may")
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def test_F_25_a_full_disk_is_503_and_nothing_partial(small_disk: Path) -> None:
    async with Plant(small_disk / "home", overrides={"max_wal_size": "64MB", "min_wal_size": "32MB"}) as plant:
        plant.start_worker()
        await plant.send_until_taken("before")
        await plant.all_ended(1)
        ballast = small_disk / "ballast"
        _fill(ballast)
        statuses = [(await plant.send(f"full-{n}", notes="x" * 4000)).status for n in range(400)]
        assert set(statuses) <= {202, 503}
        assert 503 in statuses
        ballast.unlink()
        taken = 1 + statuses.count(202)
        for n, status in enumerate(statuses[:40]):
            if status == 503:
                await plant.send_until_taken(f"full-{n}")
        (row,) = await plant.query("SELECT count(*)::int AS n FROM app.event")
        assert row["n"] >= taken
        await plant.all_ended(row["n"])
        await check_world(plant, accepted=row["n"])


def _fill(ballast: Path) -> None:
    # Without a buffer, whose rest would fail again when the file is closed.
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass
