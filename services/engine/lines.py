"""Lines before connections as rows: what is left of a rate, and the runs that wait their turn (ADR 0029)."""

from __future__ import annotations

from uuid import UUID

import msgspec

from infra.database import Database
from tenants.connections.limits import Limits


class Taken(msgspec.Struct, frozen=True):
    """`calls` may be made within the next `seconds`; at 0 there are none until then."""

    calls: int
    seconds: float


async def take(database: Database, tenant: UUID, connection: UUID, limits: Limits, want: int) -> Taken:
    """Take up to `want` calls of the connection's rate. Raises ValueError where it has none."""
    if limits.rate is None:
        raise ValueError(limits)
    async with database.tenant(tenant) as transaction:
        row = await transaction.fetchrow(
            "SELECT * FROM app.take_calls($1, $2, $3, $4, $5, $6)",
            tenant,
            connection,
            limits.at_once,
            limits.rate.calls,
            limits.rate.seconds,
            want,
        )
    return Taken(calls=row["granted"], seconds=row["left"])


async def note(database: Database, tenant: UUID, connection: UUID, limits: Limits) -> None:
    """Note that runs wait in the connection's line; the sweep looks after them, a minute longer than a period."""
    calls, seconds = (limits.rate.calls, limits.rate.seconds) if limits.rate else (None, None)
    async with database.tenant(tenant) as transaction:
        await transaction.execute(
            "INSERT INTO app.connection_line AS l (tenant_id, connection_id, at_once, calls, seconds, waits_until) "
            "VALUES ($1, $2, $3, $4, $5, app.line_waits_until($5)) "
            "ON CONFLICT (tenant_id, connection_id) DO UPDATE SET at_once = excluded.at_once, calls = excluded.calls, "
            "seconds = excluded.seconds, waits_until = excluded.waits_until",
            tenant,
            connection,
            limits.at_once,
            calls,
            seconds,
        )


async def call(database: Database, tenant: UUID, connection: UUID, most: int) -> int:
    """Put up to `most` runs of the line in line for a worker; answers how many."""
    async with database.doors() as doors:
        called: int = await doors.fetchval("SELECT app.call_line($1, $2, $3)", tenant, connection, most)
        return called


async def call_all(database: Database) -> int:
    """Put runs in line of every connection that nobody has called from for a second; answers how many."""
    async with database.doors() as doors:
        called: int = await doors.fetchval("SELECT app.call_lines()")
        return called


async def up_again(database: Database, most: int) -> int:
    """Put up to `most` runs of each client that was resumed back in line (ADR 0040); answers how many."""
    async with database.doors() as doors:
        back: int = await doors.fetchval("SELECT app.line_up_again($1)", most)
        return back
