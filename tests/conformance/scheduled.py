"""A schedule's clock, moved by hand: its row's next time is put into the past, and a worker does the rest."""

from __future__ import annotations

import asyncio
from typing import Any

from infra import ids
from tests.conformance.desk import Desk
from tests.conformance.scenario import Scenario

_SECONDS = 30


async def last_run(desk: Desk, deployment: str, scenario: Scenario) -> tuple[str, int]:
    """The last run that the schedule began, and how many it did; then it begins no more.

    `after` begins its first run at once, and has no next time until that has ended.
    """
    begun = 0
    if scenario.expect.runs == len(scenario.clock) + 1:
        begun = len(await _runs(desk, deployment, 1))
    for late in scenario.clock:
        await _until_planned(desk, deployment)
        await desk.query(
            "UPDATE app.schedule SET next_at = clock_timestamp() - $2::text::interval WHERE deployment_id = $1",
            ids.read("dep", deployment),
            late,
        )
        begun += 1
        await _runs(desk, deployment, begun)
    await _until_planned(desk, deployment)
    runs = await _runs(desk, deployment, begun)
    await desk.make(f"/v1/deployments/{deployment}/disable", {})
    return str(runs[0]["id"]), len(runs)


async def _until_planned(desk: Desk, deployment: str) -> None:
    """Wait until the next time is known and lies ahead: nothing that was due is still to begin."""
    query = "SELECT bool_and(next_at > clock_timestamp()) AS planned FROM app.schedule WHERE deployment_id = $1"
    async with asyncio.timeout(_SECONDS):
        while not (await desk.query(query, ids.read("dep", deployment)))[0]["planned"]:
            await asyncio.sleep(0.05)


async def _runs(desk: Desk, deployment: str, least: int) -> list[Any]:
    """Those that have ended, the last first, when there are as many."""
    async with asyncio.timeout(_SECONDS):
        while True:
            found: list[Any] = (await desk.get(f"/v1/runs?deployment={deployment}"))["items"]
            if len(found) >= least and all(run["ended_at"] for run in found):
                return found
            await asyncio.sleep(0.05)
