"""The continuity playbook of a connection: entered, reconciled and left (ADR 0035)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database, surviving
from infra.problems import Conflict, NotFound
from services.engine import notices
from tenants.audit import writing as audit

State = Literal["normal", "entered", "reconciling"]
KINDS: Final[dict[State, str]] = {
    "entered": "playbook.entered",
    "reconciling": "playbook.reconciling",
    "normal": "playbook.left",
}
"""What is told and audited of a move."""
_WOKEN: Final = 500
_SPREAD: Final = 1_000
"""Runs that one statement calls: some tens of milliseconds."""
_PLAYBOOKS: Final = 100
_LOOKING_SECONDS: Final = 120.0
"""An entry whose look came to no end is looked for again after that."""
_log: Final = logging.getLogger(__name__)


class PlaybookMoved(Conflict):
    """Somebody moved the playbook since you saw it. Read it anew."""

    name = "playbook-moved"
    title = "The playbook has moved"


class PlaybookStands(Conflict):
    """The playbook does not lead there from where it stands: entered, then reconciled, then left."""

    name = "playbook-stands"
    title = "The playbook does not lead there now"


class EntriesOpen(Conflict):
    """Entries are not reconciled. List them with `open=true`, decide each, and leave then."""

    name = "entries-open"
    title = "Entries are open"


class Playbook(msgspec.Struct, frozen=True, kw_only=True):
    """Where a connection's playbook stands.

    Attributes:
        changes: to be named by whoever moves it; 0 where it was never entered.
        counts: entries that keep it, by what is to be done: `writing`, `prepared`, `open`, `taken`, `unlooked`, `same`,
            `different`, `missing`, `cannot-tell`, `posting`.
    """

    state: State
    changes: int = 0
    entered_at: datetime | None = None
    entered_by: str | None = None
    reason: str | None = None
    moved_at: datetime | None = None
    moved_by: str | None = None
    left_at: datetime | None = None
    counts: dict[str, int] = {}

    @property
    def open(self) -> int:
        return sum(self.counts.values())


class Look(msgspec.Struct, frozen=True):
    """An entry for which the system, behind its connection, is to be asked."""

    tenant: UUID
    entry: UUID
    connection: UUID


async def read(transaction: Any, tenant: UUID, connection: UUID) -> Playbook:
    """Of a connection that exists; `transaction` is of its tenant."""
    row = await transaction.fetchrow(
        "SELECT state, changes, entered_at, entered_by, reason, moved_at, moved_by, left_at FROM app.continuity "
        "WHERE tenant_id = $1 AND connection_id = $2",
        tenant,
        connection,
    )
    if row is None:
        return Playbook(state="normal")
    counted = await transaction.fetch(
        "SELECT CASE WHEN posting IS NOT NULL THEN 'posting' WHEN state <> 'answered' THEN state "
        "ELSE coalesce(found, 'unlooked') END AS what, count(*) AS entries FROM app.entry "
        "WHERE tenant_id = $1 AND connection_id = $2 AND resolution IS NULL GROUP BY 1 ORDER BY 1",
        tenant,
        connection,
    )
    return Playbook(**row, counts={one["what"]: one["entries"] for one in counted})


async def move(  # noqa: PLR0913 (whose, where to, and who asks)
    transaction: Any,
    tenant: UUID,
    connection: UUID,
    target: State,
    *,
    actor: str,
    why: str = "",
    seen: int | None = None,
) -> Playbook:
    """Move the playbook, audit it and tell the connection's owner; the same again changes nothing.

    Raises:
        NotFound: the tenant has no such connection.
        PlaybookMoved, PlaybookStands, EntriesOpen: it was not moved.
    """
    found = await transaction.fetchval(
        "SELECT app.move_playbook($1, $2, $3, $4, $5)", connection, target, actor, why, seen
    )
    if found is None:
        raise NotFound
    if found == "changed":
        raise PlaybookMoved
    stands = await read(transaction, tenant, connection)
    if found == "open":
        told = ", ".join(f"{count} {what}" for what, count in stands.counts.items())
        raise EntriesOpen(f"{stands.open} entries keep it: {told}. They are in /entries, with the filter open=true")
    if found == "not":
        raise PlaybookStands(f"It is {stands.state}")
    if found == "moved":
        after = {"reason": why, "changes": stands.changes}
        shown = ids.show("con", connection)
        await audit.write(transaction, tenant, actor=actor, action=KINDS[target], target=shown, after=after)
        await notices.tell(
            transaction, tenant, KINDS[target], connection, {"by": actor, **({"reason": why} if why else {})}
        )
    return stands


async def tend(database: Database, most: int, busy: Sequence[UUID] = ()) -> list[Look]:
    """One round of what nobody rings for; safe in every worker at once. Answers about what to ask: `most` entries.

    Enters the playbooks whose connections are away for as long as they declare, and calls runs that wait for one that
    was moved. What fails of it keeps nothing else of it from being done. `busy`: connections whose systems the caller
    asks by now, each as often as it does.
    """
    with surviving("waking runs of entries"):
        async with database.doors() as connection:
            await connection.execute("SELECT app.wake_entries($1)", _WOKEN)
    with surviving("calling what waits for a playbook"):
        await _spread(database)
    async with database.doors() as connection:
        rows = await connection.fetch(
            "SELECT * FROM app.tend_playbooks($1, $2, $3)", most, _LOOKING_SECONDS, list(busy)
        )
    for row in rows:
        if row["what"] == "enter":
            with surviving("entering a playbook"):
                await _enter(database, row["tenant_id"], row["id"], row["minutes"])
    return [Look(row["tenant_id"], row["id"], row["of_connection"]) for row in rows if row["what"] == "look"]


async def _spread(database: Database) -> None:
    """A part of what waits for each playbook that was moved, each in a transaction of its own."""
    for _ in range(_PLAYBOOKS):
        async with database.doors() as connection:
            if await connection.fetchval("SELECT app.spread_playbook($1)", _SPREAD) is None:
                return


async def _enter(database: Database, tenant: UUID, connection: UUID, minutes: float) -> None:
    why = f"the connection is away for {minutes:g} minutes" if minutes else "the connection is away"
    async with database.tenant(tenant) as transaction:
        await move(transaction, tenant, connection, "entered", actor="engine", why=why)
    _log.warning("a continuity playbook was entered", extra={"connection": ids.show("con", connection)})
