"""A standby that is behind takes over from the database (F-09): found, held, told, and no effect is made twice.

What the old database had committed last is missing: runs that it had seen to their end stand at their beginning again.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from services.worker.failover import FILE
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.outcome import Outcome

PART = "a standby that is behind takes over"
PROVES = "F-09"
ORDERS: Final = 100
_SECONDS: Final = 60.0
_ACCESS: Final = "local replication all scram-sha-256\n"


async def one_round(folder: Path, _random: Random, outcome: Outcome, *, orders: int = ORDERS) -> None:
    """Raises AssertionError when the loss is not found, something is told before it is accepted, or is done twice."""
    async with Plant(folder) as plant:
        worker = plant.start_worker()
        await _mark(plant, 0)  # it has looked once, so that the timeline is known
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 60) == 0
        await asyncio.gather(*(plant.send_until_taken(number) for number in range(orders)))
        await asyncio.to_thread(_copy, plant)
        plant.start_worker()
        await plant.all_ended(orders)
        await _told(plant)
        sold = (await plant.erp_state())["confirmed"]
        assert sold == orders
        await _mark(plant, await _position(plant))
        await asyncio.to_thread(_fail_over, plant)
        outcome.runs, outcome.faults = orders, 1
        began = time.monotonic()
        found = await _found(plant)
        seconds = time.monotonic() - began
        await plant.all_ended(orders)
        held = await _held(plant, orders)
        assert _command(plant, "--accept", str(found["number"]), "--json")[0] == 0
        await _told(plant)
        erp = await check_world(plant, accepted=orders)
        assert erp["duplicates_refused"] == orders, "the calls of the lost time were not made again"
        assert _command(plant)[0] == 0
        outcome.note = (
            f"found {seconds:.1f} s after the start, {found['lost_bytes']:,} bytes missing; {held} messages held until "
            f"it was accepted; {orders} orders done again under their keys, 0 sold twice"
        )


def _copy(plant: Plant) -> None:
    """What the standby has: all until now."""
    server = plant.stack.postgres
    access = server.cluster.data.parent / "access.conf"
    access.write_text(access.read_text(encoding="utf-8") + _ACCESS, encoding="utf-8")
    server.run_sql(["SELECT pg_reload_conf()"])
    command = [str(server.bin / "pg_basebackup"), "-D", str(_standby(plant)), "-c", "fast", "-X", "stream"]
    environment = server.admin_environment()
    del environment["PGDATABASE"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)


def _fail_over(plant: Plant) -> None:
    """The old server is gone, and the standby takes its place and its address with what it has."""
    server = plant.stack.postgres
    server.stop_immediate()
    data = server.cluster.data
    data.rename(data.with_name("data-lost"))
    standby = _standby(plant)
    (standby / "recovery.signal").touch()
    with (standby / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write("restore_command = 'false'\n")
    if server.cluster.user.owner:
        for path in (standby, *standby.rglob("*")):
            shutil.chown(path, *server.cluster.user.owner)
    standby.rename(data)
    server.start()


def _standby(plant: Plant) -> Path:
    return plant.stack.postgres.cluster.data.with_name("standby")


async def _position(plant: Plant) -> int:
    (row,) = await plant.query("SELECT app.log_position() AS at")
    found: int = row["at"]
    return found


async def _mark(plant: Plant, least: int) -> None:
    """Return when the worker has kept a position outside the database that is not below `least`."""
    async with asyncio.timeout(_SECONDS):
        while True:
            file = plant.home / FILE
            if file.exists() and msgspec.json.decode(file.read_bytes())["position"] >= least:
                return
            await asyncio.sleep(0.1)


async def _found(plant: Plant) -> Any:
    """What the operator reads, once a worker has found the failover and said what it saw before."""
    async with asyncio.timeout(_SECONDS):
        while True:
            code, words = await asyncio.to_thread(_command, plant, "--json")
            found = msgspec.json.decode(words) if words else {}
            if found.get("seen_position") is not None:
                break
            await asyncio.sleep(0.2)
    assert code == 1, "an operator's script is not told"
    assert found["number"] > 1
    assert found["accepted_at"] is None
    assert found["lost_bytes"] > 0, "what is missing is not known"
    (worker,) = plant.workers[-1:]
    assert "the database has failed over" in plant.log_of(worker)
    assert (await plant.query("SELECT action FROM app.organization_audit WHERE action = 'database.failed-over'")) != []
    return found


async def _told(plant: Plant) -> None:
    async with asyncio.timeout(_SECONDS):
        while await plant.query("SELECT 1 FROM app.outbox LIMIT 1"):
            await asyncio.sleep(0.1)


async def _held(plant: Plant, least: int) -> int:
    """Messages that nobody is told; the relay has had its time to take them."""
    await asyncio.sleep(2)
    (row,) = await plant.query("SELECT count(*)::int AS n FROM app.outbox WHERE topic = 'runs'")
    assert row["n"] >= least, f"{row['n']} of {least} messages are held"
    found: int = row["n"]
    return found


def _command(plant: Plant, *words: str) -> tuple[int, str]:
    """`waybill failover`: its exit code and what it prints."""
    command = [sys.executable, "-m", "services.cli.main", "failover", *words]
    done = subprocess.run(command, env=plant.environment(), capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout
