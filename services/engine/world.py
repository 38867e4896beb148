"""The invariants of the whole installation, asked of the database at one moment (`docs/reliability.md`)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database

MOST: Final = 20
"""Findings of one kind that are told; a defect has seldom one alone."""

_SECONDS: Final = 600


class Finding(msgspec.Struct, frozen=True):
    """A row that breaks an invariant.

    Attributes:
        invariant: its name, `I1` to `I10`.
        run: None where the row belongs to none.
    """

    invariant: str
    tenant: UUID
    run: UUID | None
    words: str


async def check_world(database: Database, since: datetime, lease_seconds: float) -> list[Finding]:
    """What is broken among the runs made since then; empty where everything holds. May be asked at any time.

    Reads every row of those runs once: about a second for 50,000 of them.

    Args:
        database: opened as a worker.
        since: by the clocks of those that started runs.
        lease_seconds: of the workers.
    """
    async with database.doors() as connection, connection.transaction(readonly=True):
        await connection.execute("SELECT set_config('statement_timeout', $1, true)", f"{_SECONDS}s")
        rows = await connection.fetch(
            "SELECT * FROM app.broken($1, $2, $3)", ids.least_of(since), lease_seconds, MOST, timeout=_SECONDS
        )
    return [Finding(row["invariant"], row["tenant_id"], row["run_id"], row["words"]) for row in rows]


class Wait(msgspec.Struct, frozen=True):
    """Of one tenant's runs: how many, and seconds that 95 of a hundred did not wait longer than for a worker."""

    tenant: UUID
    runs: int
    seconds: float


async def waits(database: Database, since: datetime) -> list[Wait]:
    """Of the runs made since then that a worker has begun; the tenant with the most runs first (I9)."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.waits_by_tenant($1)", ids.least_of(since), timeout=_SECONDS)
    found = [Wait(row["tenant_id"], row["runs"], row["seconds"]) for row in rows]
    return sorted(found, key=lambda one: one.runs, reverse=True)
