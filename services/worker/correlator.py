"""Judges events that may begin runs, deployment by deployment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from infra.database import Database, surviving
from infra.ids import TenantId
from infra.telemetry import instruments, working_for
from services.engine.definitions import Definitions
from services.engine.judging import judge
from services.worker.nudge import Nudge

_DEPLOYMENTS: Final = 4
"""Judged side by side: as long as one of them takes, the others go on. Each may hold a connection to the database while
it evaluates a condition, of eight that the worker has."""
_TAKEN_SECONDS: Final = 10.0
"""For so long a deployment is nobody else's; then, or after a failure, it is tried again."""


class Correlator:
    """`nudge` when events came that are to be judged; a poll behind it finds what a dead worker left."""

    def __init__(self, database: Database, definitions: Definitions, *, poll: float, wake: Callable[[], None]) -> None:
        """`wake` after runs began."""
        self._database = database
        self._definitions = definitions
        self._wake = wake
        self.nudge = Nudge(poll)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.nudge.wait()
            with surviving("taking events to judge"):
                await self.round()

    async def round(self) -> None:
        """Judge until nothing is left to take; who takes long keeps only its own place."""
        under_way: set[asyncio.Task[Any]] = set()
        nudged = asyncio.create_task(self.nudge.wait())
        try:
            while True:
                if nudged.done():
                    nudged = asyncio.create_task(self.nudge.wait())
                for row in await self._take(_DEPLOYMENTS - len(under_way)):
                    working = self._judge(TenantId(row["tenant_id"]), row["deployment_id"])
                    under_way.add(asyncio.create_task(working))
                if under_way:
                    await asyncio.wait({*under_way, nudged}, return_when=asyncio.FIRST_COMPLETED)
                elif not nudged.done():
                    return
                under_way = {task for task in under_way if not task.done()}
        finally:
            for task in (*under_way, nudged):
                task.cancel()
            await asyncio.gather(*under_way, nudged, return_exceptions=True)

    async def _take(self, most: int) -> list[Any]:
        async with self._database.doors() as connection:
            found = await connection.fetch("SELECT * FROM app.take_candidates($1, $2)", most, _TAKEN_SECONDS)
        return list(found)

    async def _judge(self, tenant: TenantId, deployment: UUID) -> None:
        working_for(tenant)
        with surviving("judging events"):
            if begun := await judge(self._database, self._definitions, tenant, deployment):
                instruments.RUNS_STARTED.add(begun)
                self._wake()
