"""Outages of connections: one row each, that all workers share, and the runs that wait for their end (ADR 0026)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from services.engine import notices, values
from tenants.audit import writing as audit

PROBE_SECONDS: Final = 30.0
"""Most that passes between two calls that try whether the other side is back; at first it is a second, four times."""
AWAY: Final = "connection.away"
BACK: Final = "connection.back"
DRAINED_PER_SECOND: Final = 20
"""Runs of one connection that are put in line again once it is back."""


class Outage(msgspec.Struct, frozen=True):
    """An outage that lasts. `is_probe`: whoever asked has the one call that may try."""

    reason: str
    is_probe: bool = False


class Told(msgspec.Struct, frozen=True):
    """What people are told of a connection's last outage.

    Attributes:
        ended_at: None while it lasts.
        next_try_at: when a call tries whether it is over; None after its end.
        refused: calls that did not go out, as far as the workers have told; each tells once a second.
    """

    since: datetime
    reason: str
    ended_at: datetime | None
    next_try_at: datetime | None
    refused: int


async def begin(  # noqa: PLR0913 (the parts of one row)
    database: Database, tenant: UUID, connection: UUID, reason: str, seconds: float, *, revision: int = 1
) -> None:
    """Note that the connection is away, and audit it, unless somebody has; the next call may try after `seconds`.

    Where it is known, no call tries sooner than that.
    """
    async with database.tenant(tenant) as transaction:
        began = await transaction.fetchval(
            "WITH known AS (UPDATE app.outage SET reason = $3, revision = $5, "
            "probe_at = greatest(probe_at, clock_timestamp() + make_interval(secs => $4)) "
            "WHERE tenant_id = $1 AND connection_id = $2 AND ended_at IS NULL RETURNING 1) "
            "INSERT INTO app.outage AS o (tenant_id, connection_id, reason, probe_at, revision) "
            "SELECT $1, $2, $3, clock_timestamp() + make_interval(secs => $4), $5 "
            "WHERE NOT EXISTS (SELECT 1 FROM known) "
            "ON CONFLICT (tenant_id, connection_id) DO UPDATE SET since = excluded.since, reason = excluded.reason, "
            "probe_at = excluded.probe_at, probes = 0, revision = excluded.revision, ended_at = NULL, "
            "draining = false, drained_at = NULL, refused = 0 WHERE o.ended_at IS NOT NULL RETURNING o.since",
            tenant,
            connection,
            values.plain(reason)[:1000],
            seconds,
            revision,
        )
        if began is not None:
            target = ids.show("con", connection)
            await audit.write(transaction, tenant, actor="engine", action=AWAY, target=target, after={"reason": reason})
            told = {"reason": reason, "since": notices.moment(began)}
            await notices.tell(transaction, tenant, AWAY, connection, told)


async def ask(
    database: Database, tenant: UUID, connection: UUID, revision: int = 1, *, refused: int = 0
) -> Outage | None:
    """The outage as it stands, None once it is over. `is_probe`: the caller's call is to try whether it is.

    `revision`: of the connection. One that somebody has changed is tried at once, by one call.
    `refused`: calls that did not go out here since it was last asked.
    """
    async with database.tenant(tenant) as transaction:
        reason = await transaction.fetchval(
            "UPDATE app.outage SET probes = probes + 1, refused = refused + $5, revision = greatest(revision, $4), "
            "probe_at = clock_timestamp() + make_interval(secs => least($3, 2 ^ greatest(0, least(probes, 10) - 2))) "
            "WHERE tenant_id = $1 AND connection_id = $2 AND ended_at IS NULL "
            "AND (probe_at <= clock_timestamp() OR revision < $4) RETURNING reason",
            tenant,
            connection,
            PROBE_SECONDS,
            revision,
            refused,
        )
        if reason is not None:
            return Outage(reason, is_probe=True)
        return await _lasting(transaction, tenant, connection, refused)


async def end(database: Database, tenant: UUID, connection: UUID, *, refused: int = 0) -> None:
    """Note that the connection is back, tell and audit it, unless somebody has. Who waits for it is drained."""
    async with database.tenant(tenant) as transaction:
        ended = await transaction.fetchrow(
            "UPDATE app.outage SET ended_at = clock_timestamp(), draining = true, drained_at = NULL, "
            "refused = refused + $3 WHERE tenant_id = $1 AND connection_id = $2 AND ended_at IS NULL "
            "RETURNING since, ended_at, refused, reason",
            tenant,
            connection,
            refused,
        )
        if ended is not None:
            seconds = round((ended["ended_at"] - ended["since"]).total_seconds(), 1)
            target = ids.show("con", connection)
            await audit.write(
                transaction, tenant, actor="engine", action=BACK, target=target, after={"seconds": seconds}
            )
            told = {"since": notices.moment(ended["since"]), "until": notices.moment(ended["ended_at"])}
            told |= {"seconds": seconds, "reason": ended["reason"], "calls_refused": ended["refused"]}
            await notices.tell(transaction, tenant, BACK, connection, told)


async def drain(database: Database, per_second: int = DRAINED_PER_SECOND) -> int:
    """Put runs in line whose connections are back, at most `per_second` of each; answers how many."""
    async with database.doors() as connection:
        woken: int = await connection.fetchval("SELECT app.drain_connections($1)", per_second)
        return woken


async def told(transaction: Any, tenant: UUID, connection: UUID) -> Told | None:
    """Of a connection, inside a transaction of its tenant; None where it never had an outage."""
    row = await transaction.fetchrow(
        "SELECT since, reason, ended_at, refused, CASE WHEN ended_at IS NULL THEN probe_at END AS next_try_at "
        "FROM app.outage WHERE tenant_id = $1 AND connection_id = $2",
        tenant,
        connection,
    )
    return None if row is None else Told(**row)


async def away(transaction: Any, tenant: UUID) -> dict[UUID, datetime]:
    """The connections that are away, each with since when, inside a transaction of the tenant."""
    rows = await transaction.fetch(
        "SELECT connection_id, since FROM app.outage WHERE tenant_id = $1 AND ended_at IS NULL", tenant
    )
    return {row["connection_id"]: row["since"] for row in rows}


async def _lasting(transaction: Any, tenant: UUID, connection: UUID, refused: int) -> Outage | None:
    if refused:
        await transaction.execute(
            "UPDATE app.outage SET refused = refused + $3 "
            "WHERE tenant_id = $1 AND connection_id = $2 AND ended_at IS NULL",
            tenant,
            connection,
            refused,
        )
    reason = await transaction.fetchval(
        "SELECT reason FROM app.outage WHERE tenant_id = $1 AND connection_id = $2 AND ended_at IS NULL",
        tenant,
        connection,
    )
    return None if reason is None else Outage(reason)
