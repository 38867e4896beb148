"""Finds what nobody rings for: dead workers' runs, timers that came due. It puts back in line and never executes."""

from __future__ import annotations

import msgspec

from infra.database import Database

_MOST = 500


class Swept(msgspec.Struct, frozen=True):
    """What one round found.

    Attributes:
        requeued: runs whose lease ran out.
        quarantined: runs that killed their worker while they ran alone.
        woken: waiting runs whose time had come.
        solo: whether a suspect waits to be run alone.
    """

    requeued: int
    quarantined: int
    woken: int
    solo: bool


async def sweep(database: Database, solo_limit: int, lease: float) -> Swept:
    """One round. Safe to run in every worker at once; each row is taken by one of them (F-14).

    `lease` in seconds: for so long after a server's start no lease counts as lost.
    """
    async with database.doors() as connection:
        row = await connection.fetchrow("SELECT * FROM app.sweep_runs($1, $2, $3)", _MOST, solo_limit, lease)
        # A statement of its own: it must see what the sweep has just put in line.
        solo = await connection.fetchval("SELECT app.solo_waiting()")
    return Swept(**row, solo=solo)
