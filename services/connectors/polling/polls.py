"""All SQL on polls."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.records import contradictions
from services.records.contradictions import Contradiction
from tenants.audit import writing as audit


class Due(msgspec.Struct, frozen=True):
    """A trigger of a connection that is ours to ask, as long as its row has this fence."""

    tenant: TenantId
    connection: UUID
    trigger: str
    fence: int

    @property
    def actor(self) -> str:
        """Who brought its events, for the record."""
        return f"connection:{ids.show('con', self.connection)}"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """How far one is. `seen`: digests of what the last answer held; `client`, `partner`: whose it is."""

    cursor: Any
    seen: bytes
    began: str
    failures: int
    client: UUID
    partner: UUID


class Shown(msgspec.Struct, frozen=True):
    """A row as people see it."""

    trigger: str
    began_at: datetime
    due_at: datetime | None
    polled_at: datetime | None
    failures: int
    failure: str | None


class Overtaken(Exception):
    """Somebody else asks by now, or it is not watched any more: nothing of this answer counts."""


async def take(database: Database, most: int, seconds: float) -> list[Due]:
    """What is due, at most `most`, for `seconds` nobody else's."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_polls($1, $2)", most, seconds)
    return [Due(TenantId(row["tenant_id"]), row["connection_id"], row["trigger"], row["fence"]) for row in rows]


async def read(database: Database, due: Due) -> Known:
    """Raises Overtaken."""
    async with database.tenant(due.tenant) as connection:
        row = await connection.fetchrow(
            "SELECT p.cursor::text AS cursor, p.seen, p.began_at, p.failures, t.client_id, t.partner_id "
            "FROM app.poll p JOIN app.tenant t ON t.tenant_id = p.tenant_id WHERE p.tenant_id = $1 "
            "AND p.connection_id = $2 AND p.trigger = $3 AND p.fence = $4 AND p.due_at IS NOT NULL",
            due.tenant,
            due.connection,
            due.trigger,
            due.fence,
        )
    if row is None:
        raise Overtaken
    return Known(
        cursor=None if row["cursor"] is None else msgspec.json.decode(row["cursor"]),
        seen=row["seen"],
        began=row["began_at"].isoformat(timespec="seconds"),
        failures=row["failures"],
        client=row["client_id"],
        partner=row["partner_id"],
    )


async def hold(connection: Any, due: Due) -> None:
    """Keep the row until the transaction ends. Raises Overtaken."""
    held = await connection.fetchval(
        "SELECT true FROM app.poll WHERE tenant_id = $1 AND connection_id = $2 AND trigger = $3 AND fence = $4 "
        "AND due_at IS NOT NULL FOR UPDATE",
        due.tenant,
        due.connection,
        due.trigger,
        due.fence,
    )
    if held is None:
        raise Overtaken


async def advance(connection: Any, due: Due, cursor: Any, seen: bytes, seconds: float) -> None:
    """Note an answer whose events are in the same transaction; it is asked again in `seconds`. Raises Overtaken."""
    moved = await connection.fetchval(
        "UPDATE app.poll SET cursor = $5, seen = $6, due_at = clock_timestamp() + make_interval(secs => $7), "
        "failures = 0, failure = NULL, polled_at = clock_timestamp() WHERE tenant_id = $1 AND connection_id = $2 "
        "AND trigger = $3 AND fence = $4 AND due_at IS NOT NULL RETURNING true",
        due.tenant,
        due.connection,
        due.trigger,
        due.fence,
        None if cursor is None else msgspec.json.encode(cursor).decode(),
        seen,
        seconds,
    )
    if moved is None:
        raise Overtaken


async def put_off(database: Database, due: Due, seconds: float, why: str = "") -> None:
    """Ask again in `seconds`. `why`: it failed once more; empty: its turn has not come, and nothing is wrong."""
    async with database.tenant(due.tenant) as connection:
        await connection.execute(
            "UPDATE app.poll SET due_at = clock_timestamp() + make_interval(secs => $5), "
            "failures = failures + (CASE WHEN $6 = '' THEN 0 ELSE 1 END), "
            "failure = CASE WHEN $6 = '' THEN failure ELSE $6 END WHERE tenant_id = $1 AND connection_id = $2 "
            "AND trigger = $3 AND fence = $4 AND due_at IS NOT NULL",
            due.tenant,
            due.connection,
            due.trigger,
            due.fence,
            seconds,
            why[:1000],
        )


async def of_connection(transaction: Any, tenant: UUID, connection: UUID) -> list[Shown]:
    """By trigger, inside a transaction of the tenant."""
    rows = await transaction.fetch(
        "SELECT trigger, began_at, due_at, polled_at, failures, failure FROM app.poll WHERE tenant_id = $1 "
        "AND connection_id = $2 ORDER BY trigger",
        tenant,
        connection,
    )
    return [Shown(**row) for row in rows]


async def tell_refused(connection: Any, due: Due, details: list[str]) -> None:
    """Note that items made no event: a row of the audit each, and one open exception for the same of a trigger."""
    shown = ids.show("con", due.connection)
    for detail in details:
        after = {"trigger": due.trigger, "detail": detail}
        await audit.write(connection, due.tenant, actor=due.actor, action="event.refused", target=shown, after=after)
    await connection.execute(
        "INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, cause, title, connection) "
        "SELECT $1, app.new_id(), 'dead-letter', md5(concat_ws(' ', $2::text, $3::text, d.detail)), 'event.refused', "
        "d.detail, $2 FROM (SELECT DISTINCT unnest($4::text[]) AS detail) d "
        "ON CONFLICT (tenant_id, mark) WHERE state = 'open' DO UPDATE SET times = e.times + 1, "
        "last_at = clock_timestamp()",
        due.tenant,
        shown,
        due.trigger,
        details,
    )


async def tell_unmapped(connection: Any, due: Due, found: Contradiction) -> None:
    """Note that an order's status stands for no state: a row of the audit, and one open exception for the status."""
    shown = ids.show("con", due.connection)
    after = {"trigger": due.trigger, "detail": found.title}
    await audit.write(connection, due.tenant, actor=due.actor, action="event.refused", target=shown, after=after)
    await contradictions.tell(connection, due.tenant, found)
