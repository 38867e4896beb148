"""Finds what nobody rings for: dead workers' runs, timers that came due. It puts back in line and never executes."""

from __future__ import annotations

import msgspec

from infra.database import Database, surviving
from services.engine import inbox, lines, outages, scheduling

_MOST = 2_000
_SETTLING_SECONDS = 10.0
"""Longer than any transaction takes that stores an event."""


class Swept(msgspec.Struct, frozen=True):
    """What one round found.

    Attributes:
        requeued: runs whose lease ran out.
        quarantined: runs that killed their worker while they ran alone.
        woken: waiting runs whose time had come, or for which an event lay there; and runs begun by a schedule.
        next_due: seconds until the next time comes, of a run or a schedule; None when there is none.
        solo: whether a suspect waits to be run alone.
    """

    requeued: int
    quarantined: int
    woken: int
    solo: bool
    next_due: float | None = None


async def sweep(database: Database, solo_limit: int, lease: float) -> Swept:
    """One round. Safe to run in every worker at once; each row is taken by one of them (F-14).

    `lease` in seconds: for so long after a server's start no lease counts as lost.
    """
    await catch_up_again(database)
    begun, seconds = await scheduling.begin_due(database)
    async with database.doors() as connection:
        row = await connection.fetchrow("SELECT * FROM app.sweep_runs($1, $2, $3)", _MOST, solo_limit, lease)
        # A statement of its own: it must see what the sweep has just put in line.
        solo = await connection.fetchval("SELECT app.solo_waiting()")
    # In line with the next round; what goes wrong here keeps nobody else's timers waiting.
    with surviving("draining connections"):
        await outages.drain(database)
    called = 0
    with surviving("calling from lines"):
        called = await lines.call_all(database)
    with surviving("putting runs of resumed clients in line"):
        called += await lines.up_again(database, _MOST)
    found = Swept(**row, solo=solo)
    due = min([one for one in (found.next_due, seconds) if one is not None], default=None)
    return msgspec.structs.replace(found, woken=found.woken + begun + called, next_due=due)


async def catch_up_again(database: Database, seconds: float = _SETTLING_SECONDS) -> int:
    """Look once more for the events of subscriptions that are `seconds` old; answers how many runs that woke.

    The transaction of an event may have begun before a subscription was stored, and have ended after somebody looked.
    """
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_fresh_subscriptions($1, $2)", _MOST, seconds)
    woken = 0
    for row in rows:
        # One that fails keeps no other from its events, and no sweep from its work.
        with surviving("looking for events"):
            woken += await inbox.catch_up(database, row["tenant_id"], row["run_id"], row["since"])
    return woken
