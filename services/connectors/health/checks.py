"""All SQL on how connections are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from infra.database import Database
from infra.ids import TenantId
from services.connectors.health import warnings


class Due(msgspec.Struct, frozen=True):
    """A connection that is ours to check, as long as its row has this fence."""

    tenant: TenantId
    connection: UUID
    fence: int


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A row, as `59_health.sql` says."""

    due_at: datetime | None = None
    failures: int = 0
    checked_at: datetime | None = None
    good_at: datetime | None = None
    took: int | None = None
    error: str | None = None
    detail: str | None = None
    quota_left: int | None = None
    quota_most: int | None = None
    quota_until: datetime | None = None
    ends_at: datetime | None = None
    ends: str | None = None
    renews: bool = False
    excess: list[str] = []
    rights_told: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a check came to. `error`: empty where its side answered well; the others as in `Health`."""

    error: str = ""
    detail: str = ""
    took: int | None = None
    quota_left: int | None = None
    quota_most: int | None = None
    quota_seconds: float | None = None
    ends_at: datetime | None = None
    ends: str | None = None
    renews: bool = False
    excess: list[str] = []
    rights_told: bool = False


async def take(database: Database, most: int, seconds: float) -> list[Due]:
    """What is due, at most `most`, for `seconds` nobody else's."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_checks($1, $2)", most, seconds)
    return [Due(TenantId(row["tenant_id"]), row["connection_id"], row["fence"]) for row in rows]


async def read(transaction: Any, tenant: UUID, connection: UUID) -> Health:
    """Inside a transaction of the tenant."""
    return (await of_several(transaction, tenant, [connection])).get(connection, Health())


async def of_several(transaction: Any, tenant: UUID, connections: Collection[UUID]) -> dict[UUID, Health]:
    """By connection; inside a transaction of the tenant."""
    rows = await transaction.fetch(
        "SELECT connection_id, due_at, failures, checked_at, good_at, took, error, detail, quota_left, quota_most, "
        "quota_until, ends_at, ends, renews, excess, rights_told FROM app.connection_health "
        "WHERE tenant_id = $1 AND connection_id = ANY ($2)",
        tenant,
        list(connections),
    )
    return {row["connection_id"]: Health(**{name: row[name] for name in Health.__struct_fields__}) for row in rows}


async def failing(transaction: Any, tenant: UUID) -> dict[UUID, str]:
    """Connections whose last check failed, each with the kind of its error; inside a transaction of the tenant.

    What a check found before somebody authorised the connection says nothing of it now.
    """
    rows = await transaction.fetch(
        "SELECT h.connection_id, h.error FROM app.connection_health h WHERE h.tenant_id = $1 AND h.error IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM app.connection_grant g WHERE g.tenant_id = h.tenant_id "
        "AND g.connection_id = h.connection_id AND g.authorized_at > h.checked_at)",
        tenant,
    )
    return {row["connection_id"]: row["error"] for row in rows}


async def put(database: Database, due: Due, found: Found, seconds: float) -> None:
    """Note what a check came to; the next is in `seconds`. Of a connection that was taken or changed since, nothing."""
    async with database.tenant(due.tenant) as connection:
        noted = await connection.fetchval(
            "UPDATE app.connection_health h SET due_at = now.at + make_interval(secs => $4), checked_at = now.at, "
            "failures = CASE WHEN $5 = '' THEN 0 ELSE h.failures + 1 END, "
            "good_at = CASE WHEN $5 = '' THEN now.at ELSE h.good_at END, took = $7, "
            "error = nullif(left($5, 60), ''), detail = nullif(left($6, 1000), ''), "
            "quota_left = $8, quota_most = $9, quota_until = now.at + make_interval(secs => $10), "
            "ends_at = $11, ends = left($12, 200), renews = $13, excess = $14, rights_told = $15 "
            "FROM (SELECT clock_timestamp() AS at) now "
            "WHERE h.tenant_id = $1 AND h.connection_id = $2 AND h.fence = $3 AND h.due_at IS NOT NULL RETURNING true",
            due.tenant,
            due.connection,
            due.fence,
            seconds,
            found.error,
            found.detail,
            found.took,
            found.quota_left,
            found.quota_most,
            found.quota_seconds,
            found.ends_at,
            found.ends,
            found.renews,
            found.excess,
            found.rights_told,
        )
        if noted:
            await warnings.warn(connection, due.tenant, due.connection)


async def put_off(database: Database, due: Due, seconds: float) -> None:
    """Look again in `seconds`: nothing was asked."""
    async with database.tenant(due.tenant) as connection:
        await connection.execute(
            "UPDATE app.connection_health SET due_at = clock_timestamp() + make_interval(secs => $4) "
            "WHERE tenant_id = $1 AND connection_id = $2 AND fence = $3 AND due_at IS NOT NULL",
            due.tenant,
            due.connection,
            due.fence,
            seconds,
        )


async def hasten(transaction: Any, tenant: UUID, connection: UUID, pause: float) -> None:
    """Have it checked as soon as a worker looks, `pause` seconds after its last check; inside the tenant's transaction.

    A disabled one is not.
    """
    await transaction.execute(
        "UPDATE app.connection_health SET due_at = least(due_at, "
        "greatest(clock_timestamp(), checked_at + make_interval(secs => $3))) "
        "WHERE tenant_id = $1 AND connection_id = $2 AND due_at IS NOT NULL",
        tenant,
        connection,
        pause,
    )
