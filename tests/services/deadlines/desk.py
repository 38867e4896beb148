"""A client with a calendar that is always open, and things that wait; what is done about them is a row of its audit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.deadlines import changing, deadlines, plan
from services.deadlines.clock import Clock
from services.deadlines.kinds import Due, Subject
from tenants.audit import writing as audit
from tenants.calendars import saving
from tenants.calendars.definition import Written
from tests.tenants.calendars.examples import ALWAYS

OPEN: Final[dict[str, Any]] = {"time_zone": "UTC", "week": ALWAYS}
_COPIES: Final = """
INSERT INTO app.deadline (tenant_id, deadline_id, subject_kind, subject_id, calendar, calendar_version, zone_mark,
  began_at, steps, next_at, due_at, wake_at)
SELECT tenant_id, gen_random_uuid(), subject_kind, gen_random_uuid(), calendar, calendar_version, zone_mark, began_at,
  steps, next_at, due_at, wake_at FROM app.deadline, generate_series(1, $3) WHERE tenant_id = $1 AND deadline_id = $2
"""


class Desk:
    """`acts` does what is due: it writes it down, in the transaction that it is given."""

    def __init__(self, app: Database, worker: Database, tenant: TenantId) -> None:
        self.app, self.worker, self.tenant = app, worker, tenant
        self.woken = 0

    def clock(self, act: Any = None) -> Clock:
        return Clock(self.worker, {"hold": act or self.act}, wake=self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def act(self, transaction: Any, due: Due) -> bool:
        """It is done where it was not done before: a second time would be a second row."""
        named = {"at": due.at.isoformat(), "do": due.step.do}
        return await audit.write(
            transaction, self.tenant, actor="test", action="test.acted", target=due.key, after=named
        )

    async def save(self, **changed: Any) -> int:
        """The calendar `always`, in another version; answers which."""
        written = msgspec.convert(OPEN | changed, Written)
        async with self.app.tenant(self.tenant) as transaction:
            found = await saving.save(transaction, self.tenant, "always", written, actor="test")
            await changing.recompute(transaction, self.tenant, "always")
        return found.version

    async def begin(self, hours_ago: float = 0, subject: Subject | None = None, **planned: Any) -> UUID:
        wanted = plan.read({"calendar": "always", **planned})
        async with self.worker.tenant(self.tenant) as transaction:
            return await deadlines.begin(
                transaction, self.tenant, subject or Subject("hold", ids.new()), wanted, began=ago(hours_ago)
            )

    async def copies(self, deadline: UUID, count: int) -> None:
        """As many more, of other things."""
        await self.do(_COPIES, deadline, count)

    async def settle(self, clock: Clock | None = None) -> None:
        """Until nothing is due."""
        its = clock or self.clock()
        while await its.round():
            pass

    async def row(self, deadline: UUID) -> Any:
        (found,) = await self.do("SELECT * FROM app.deadline WHERE tenant_id = $1 AND deadline_id = $2", deadline)
        return found

    async def deeds(self) -> list[str]:
        rows = await self.do(
            "SELECT target FROM app.audit WHERE tenant_id = $1 AND action = 'test.acted' ORDER BY audit_id"
        )
        return [row["target"] for row in rows]

    async def told(self) -> list[tuple[str, Any]]:
        """Of the audit what deadlines and calendars wrote into it."""
        rows = await self.do(
            "SELECT action, after::text AS after FROM app.audit WHERE tenant_id = $1 AND actor = 'engine' "
            "ORDER BY audit_id"
        )
        return [(row["action"], msgspec.json.decode(row["after"])) for row in rows]

    async def come_due(self) -> None:
        """As if the pause behind a failure, or a lease, were over."""
        await self.do("UPDATE app.deadline SET wake_at = next_at WHERE tenant_id = $1")
        await self.do("UPDATE app.calendar_change SET wake_at = clock_timestamp() WHERE tenant_id = $1")

    async def do(self, statement: str, *values: object) -> list[Any]:
        """In the tenant's scope, whose id is the first value."""
        async with self.app.tenant(self.tenant) as connection:
            return list(await connection.fetch(statement, self.tenant, *values))


def ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)
