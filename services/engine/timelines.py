"""The timelines of the database's log: a failover is found by them, and accepted by an operator (ADR 0036)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from infra.database import Database

_LOOK: Final = (
    "SELECT cluster, number, log_position AS position, at, is_accepted FROM app.look_at_timeline($1, $2, $3, $4)"
)
_FAILOVER: Final = (
    "SELECT t.number, t.found_at, t.position, t.seen_position, t.seen_at, t.newest_at, t.accepted_at, "
    "t.accepted_by, greatest(t.seen_position - t.position, 0)::bigint AS lost_bytes "
    "FROM app.timeline t WHERE t.number = app.timeline_now() ORDER BY t.found_at DESC LIMIT 1"
)


class Mark(msgspec.Struct, frozen=True):
    """How far the log of the database had come when a worker looked. `position`: in bytes."""

    cluster: int
    number: int
    position: int
    at: datetime


class Failover(msgspec.Struct, frozen=True, kw_only=True):
    """The timeline of this moment.

    Attributes:
        position: of the log, when it was found.
        seen_position, seen_at: the last that a worker saw of the one before; None where no worker outlived it.
        newest_at: when the newest event came that is there, of those not younger than `seen_at`.
        lost_bytes: of the log that are missing at least, as far as that is known.
        runs: that were under way at `seen_at`; `held`: messages that wait for the outside.
    """

    number: int
    found_at: datetime
    position: int
    seen_position: int | None
    seen_at: datetime | None
    newest_at: datetime | None
    accepted_at: datetime | None
    accepted_by: str | None
    lost_bytes: int | None
    runs: int
    held: int


async def look(database: Database, seen: Mark | None) -> tuple[Mark, bool] | None:
    """How far the log is now, and whether its timeline is accepted; None on a standby. `seen`: what was last seen.

    Writes only where the timeline is new, or more was seen of the one before than is known.
    """
    given = (None, None, None, None) if seen is None else (seen.cluster, seen.number, seen.position, seen.at)
    async with database.doors() as connection:
        row: Any = await connection.fetchrow(_LOOK, *given)
    if row is None:
        return None
    return Mark(row["cluster"], row["number"], row["position"], row["at"]), row["is_accepted"]


async def read(database: Database) -> Failover | None:
    """What is known of the timeline of this moment; None where nobody has looked yet."""
    async with database.doors() as connection:
        row = await connection.fetchrow(_FAILOVER)
        if row is None:
            return None
        left = await connection.fetchrow("SELECT * FROM app.left_by_failover($1)", row["seen_at"] or row["found_at"])
    return Failover(**row, **left)


async def accept(database: Database, number: int, actor: str) -> bool:
    """Go on with timeline `number`; False where it is not that of this moment, or was accepted before."""
    async with database.doors() as connection:
        accepted: bool = await connection.fetchval("SELECT app.accept_timeline($1, $2)", number, actor)
    return accepted
