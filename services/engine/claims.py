"""The claim door: which runs this worker holds, under which fence, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A run in this worker's hands. Writes name `fence`: once another worker holds the run, they change nothing.

    Attributes:
        program: the workflow of its revision that it executes, `namespace/name:version`; None: the revision's own.
        depth: runs and events between it and an event from outside.
        trace: the place in a trace that it was started at (`infra.telemetry.trace`).
        started_at: when it was claimed for the first time; the same for every claim of the run.
        claimed_at: the database's time.
        heard_at: `infra.clock.monotonic` of this process, as the claim reached it.
    """

    tenant_id: UUID
    run_id: UUID
    fence: int
    seq: int
    attempt: int
    deployment_id: UUID
    revision: int
    environment: str
    created_at: datetime
    input: str | None
    snapshot: bytes | None
    trace: bytes | None = None
    program: str | None = None
    depth: int = 0
    started_at: datetime
    claimed_at: datetime
    heard_at: float

    @property
    def pinned(self) -> tuple[UUID, UUID, int, str | None]:
        """What it executes: tenant, deployment, revision, program."""
        return self.tenant_id, self.deployment_id, self.revision, self.program

    def moment(self) -> datetime:
        """Now, as the database would say it, short of the claim's way here; whatever the clock of this machine says."""
        return self.claimed_at + timedelta(seconds=clock.monotonic() - self.heard_at)


class Claims:
    """What one worker holds.

    `lease` is in seconds; the database's clock decides when it ends (F-04). `tenant_cap`: runs of one tenant that all
    workers together may hold.
    """

    def __init__(self, database: Database, worker: str, lease: float, *, tenant_cap: int = 1_000_000) -> None:
        self._database = database
        self._worker = worker
        self.lease = lease
        self._tenant_cap = tenant_cap

    async def take(self, slots: int, *, solo: bool = False) -> list[Claim]:
        """Up to `slots` ready runs, fair by tenant; with `solo` one suspect, to be run with no other beside it."""
        async with self._database.doors() as connection:
            rows = await connection.fetch(
                "SELECT * FROM app.claim_runs($1, $2, $3, $4, $5)",
                self._worker,
                slots,
                self.lease,
                solo,
                self._tenant_cap,
            )
        heard = clock.monotonic()
        return [Claim(**row, heard_at=heard) for row in rows]

    async def in_line(self) -> bool:
        """Whether a run is ready that nobody has taken."""
        async with self._database.doors() as connection:
            return bool(await connection.fetchval("SELECT ready > 0 FROM app.queue_state(1)"))

    async def renew(self, held: list[Claim]) -> set[UUID]:
        """The runs of `held` that nobody took meanwhile; their leases are whole again."""
        async with self._database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.renew_leases($1, $2, $3, $4)", *_keys(held), self.lease)
        return {row["run_id"] for row in rows}

    async def release(self, held: list[Claim]) -> None:
        """Put runs back in line at once, for a worker that stops."""
        if held:
            async with self._database.doors() as connection:
                await connection.execute("SELECT app.release_runs($1, $2, $3)", *_keys(held))


def _keys(held: list[Claim]) -> tuple[Any, Any, Any]:
    return [c.tenant_id for c in held], [c.run_id for c in held], [c.fence for c in held]
