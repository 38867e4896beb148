"""Valkey restarted, full, read-only, slow (F-10): PostgreSQL is the record, and the API does not wait for rings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from redis.asyncio import Redis

from tests.faults.network import Network
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.figures import p95
from tests.nightly.outcome import Outcome

PART = "Valkey restarted, flushed, full, read-only and slow"
PROVES = "F-10, F-11"
ORDERS: Final = 60
SLOW_SECONDS: Final = 0.5
_MOST: Final = 10 * 10.0
"""Seconds until the work behind the last order is done: ten times what F-10 asks for."""
_SLOWER: Final = 10 * 0.05
"""Seconds by which the API's p95 may grow with a fault: ten times what F-10 asks for, and less than to wait for a bell
that is slow both ways."""


async def one_round(folder: Path, _random: Random, outcome: Outcome) -> None:
    """Each fault under its own orders. Raises AssertionError naming the broken invariant."""
    async with Plant(folder) as plant, Network(plant.stack.valkey.port) as line:
        url = plant.stack.endpoints.redis_url.replace(f":{plant.stack.valkey.port}/", f":{line.port}/")
        plant.start_api({"WAYBILL_REDIS_URL": url})
        await plant.answers(plant.api_url + "/health/ready")
        plant.start_worker(changes={"WAYBILL_REDIS_URL": url})
        await plant.send_until_taken("first")
        await plant.all_ended(1)
        outcome.runs = 1
        redis = Redis.from_url(plant.stack.endpoints.redis_url)
        kinds = {"well": _well, "restarted": _restart, "flushed": _flushed, "full": _full, "read-only": _read_only}
        took = {name: await _orders(plant, outcome, fault(plant, redis)) for name, fault in kinds.items()}
        line.delay = SLOW_SECONDS
        took["slow"] = await _orders(plant, outcome, _well(plant, redis))
        line.delay = 0.0
        await redis.aclose()
        await check_world(plant, accepted=outcome.runs)
        words = [f"{name} {api * 1000:.0f} / {work:.1f}" for name, (api, work) in took.items()]
        outcome.note = "API p95 in ms / done after the last order, s: " + ", ".join(words)
        most = took["well"][0] + _SLOWER
        assert max(api for api, _ in took.values()) <= most, f"F-10: the API waits for Valkey: {', '.join(words)}"


async def _orders(plant: Plant, outcome: Outcome, fault: Any) -> tuple[float, float]:
    """One after the other, as long as the fault lasts; seconds that each took (p95), and the work after the last."""
    took = []
    async with fault:
        for number in range(outcome.runs, outcome.runs + ORDERS):
            began = time.monotonic()
            await plant.send_until_taken(number)
            took.append(time.monotonic() - began)
        outcome.runs += ORDERS
        outcome.faults += 1
        began = time.monotonic()
        await plant.all_ended(outcome.runs, _MOST)
    return p95(took), time.monotonic() - began


@asynccontextmanager
async def _well(_plant: Plant, _redis: Any) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _restart(plant: Plant, _redis: Any) -> AsyncIterator[None]:
    plant.stack.valkey.kill()
    plant.stack.valkey.start()
    yield


@asynccontextmanager
async def _flushed(_plant: Plant, redis: Any) -> AsyncIterator[None]:
    async def flush() -> None:
        while True:
            await redis.flushall()
            await asyncio.sleep(0.05)

    flushing = asyncio.create_task(flush())
    yield
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)


@asynccontextmanager
async def _full(_plant: Plant, redis: Any) -> AsyncIterator[None]:
    await redis.config_set("maxmemory-policy", "noeviction")
    await redis.config_set("maxmemory", "1")
    yield
    await redis.config_set("maxmemory", "0")


@asynccontextmanager
async def _read_only(_plant: Plant, redis: Any) -> AsyncIterator[None]:
    await redis.execute_command("REPLICAOF", "127.0.0.1", "9")
    yield
    await redis.execute_command("REPLICAOF", "NO", "ONE")
