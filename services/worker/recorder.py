"""Makes records of events, tenant by tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from infra.database import Database, surviving
from infra.ids import TenantId
from infra.telemetry import instruments, working_for
from services.engine.expressions.protocol import Evaluator
from services.records.intake import Intake
from services.worker.nudge import Nudge

_TENANTS: Final = 4
"""Taken side by side."""
_TAKEN_SECONDS: Final = 10.0
"""For so long a tenant is nobody else's; then, or after a failure, it is tried again."""


class Recorder:
    """`nudge` when events came; a poll behind it finds what a dead worker left."""

    def __init__(
        self,
        database: Database,
        evaluator: Evaluator,
        *,
        poll: float,
        wake: Callable[[], None],
        judge: Callable[[], None],
    ) -> None:
        """`wake` after runs began or were woken, `judge` when expressions are to say whether one begins."""
        self._database = database
        self._intake = Intake(database, evaluator)
        self._wake = wake
        self._judge = judge
        self.nudge = Nudge(poll)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.nudge.wait()
            with surviving("taking events into records"):
                await self.round()

    async def round(self) -> None:
        """Until nothing is left to take."""
        while tenants := await self._take():
            await asyncio.gather(*(self._record(one) for one in tenants))

    async def _take(self) -> list[TenantId]:
        async with self._database.doors() as connection:
            found = await connection.fetch("SELECT * FROM app.take_translations($1, $2)", _TENANTS, _TAKEN_SECONDS)
        return [TenantId(row["tenant_id"]) for row in found]

    async def _record(self, tenant: TenantId) -> None:
        working_for(tenant)
        with surviving("taking events into records"):
            _, followed = await self._intake.round(tenant)
            started = sum(map(len, followed.started.values()))
            if started:
                instruments.RUNS_STARTED.add(started)
            if started or followed.woken:
                self._wake()
            if followed.to_judge:
                self._judge()
