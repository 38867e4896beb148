"""Runs that stand still for one reason or another, written as a worker writes them, and what the desk has of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.engine.claims import Claim, Claims
from services.engine.journal import Checkpoint, Entry
from tests.superuser import connected
from tests.world import progress

LONG_AGO: Final = datetime.now(UTC) - timedelta(hours=1)


def fault(claim: Claim, kind: str = "x:own") -> Checkpoint:
    error = {"type": kind, "title": "No stock", "instance": "/do/0/a"}
    made = progress(claim, "faulted")
    ended = replace(made.entries[0], kind="workflow.faulted", at=claim.claimed_at)
    audit = replace(made.audit[0], action="run.faulted", target=ids.show("run", claim.run_id))
    return replace(made, entries=[ended], usage=[], audit=[audit], error=json.dumps(error))


def stand(claim: Claim, state: str, waiting: dict[str, Any]) -> Checkpoint:
    made = progress(claim)
    if waiting["kind"] == "uncertain":
        asked = {"effect": {"key": "0" * 64, "mode": "once-or-ask", "asked": True}}
        made = replace(
            made, entries=[*made.entries, Entry("effect.unknown", "/do/0/order", "order", json.dumps(asked))]
        )
    return replace(made, state=state, delay=600.0, snapshot=b"{}", waiting_for=json.dumps({"ref": "", **waiting}))


def park(claim: Claim, ref: str) -> Checkpoint:
    waiting = {"kind": "connection", "ref": ref, "reason": "The connection erp waits", "task": "/do/0/order"}
    return replace(stand(claim, "waiting", {**waiting, "parked": True}), delay=0.0)


async def quarantine(stack: Stack, endpoints: Endpoints, claim: Claim) -> None:
    """The run killed its worker again and again while it ran alone."""
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(
            "UPDATE app.run SET lease_until = clock_timestamp() - interval '1 h', solo_claims = 3 WHERE run_id = $1",
            claim.run_id,
        )
        await connection.execute("SELECT * FROM app.sweep_runs(10, 3, -3600)")


class Desk:
    """The exceptions of one tenant, as the API's role sees them."""

    def __init__(self, database: Database, tenant: TenantId) -> None:
        self._database, self.tenant = database, tenant

    async def do(self, statement: str, *values: object) -> list[Any]:
        async with self._database.tenant(self.tenant) as connection:
            return list(await connection.fetch(statement, *values))

    async def rows(self) -> list[Any]:
        return await self.do("SELECT * FROM app.exception ORDER BY exception_id")

    async def claimed(self, worker: Database) -> list[Claim]:
        """What waits and whose time has come, in a worker's hands."""
        async with worker.doors() as connection:
            await connection.execute("SELECT * FROM app.sweep_runs(10, 3, 30)")
        return await Claims(worker, "w", 30).take(10)
