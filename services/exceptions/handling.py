"""What people do with an exception, one at a time. The actor is audited in the same commit (ADR 0030)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.problems import NotFound
from services.engine import compensating, operating, repeating
from services.engine.operating import RunHasEnded, RunNotSuspended
from services.engine.repeating import RunNotFaulted
from services.exceptions import owners
from services.exceptions.categories import ENDS, OF_ENTRY, OF_LIVING_RUNS, OTHERWISE, TAKES, Action, Category, Done
from services.exceptions.errors import ExceptionChanged, ExceptionClosed, NotForThisCategory
from tenants.audit import writing as audit


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`words`: why it is discarded, compensated or skipped; or the note, None for none. `owner`: None for nobody."""

    action: Action
    words: str | None = None
    owner: str | None = None


class _Standing(msgspec.Struct, frozen=True):
    category: Category
    state: str
    outcome: str | None
    closed_by: str | None
    reason: str | None
    run_id: UUID | None
    mark: str | None
    changes: int
    seq: int | None
    reference: str
    compensation: str | None

    @property
    def is_of_entry(self) -> bool:
        return self.run_id is not None and self.mark is not None


_OUTCOMES: Final[dict[tuple[Action, Category], Done]] = {
    ("retry", "failed"): "retried",
    ("retry", "quarantined"): "resumed",
    ("resume", "quarantined"): "resumed",
}
"""By action and category; what is not here, and is no discard, is cancelled."""


def outcome_of(action: Action, category: Category) -> Done:
    """What becomes of an exception of the category by the action, which it takes."""
    if action in _PLAIN:
        return _PLAIN[action]
    return _OUTCOMES.get((action, category), "cancelled")


_PLAIN: Final[dict[Action, Done]] = {
    "discard": "discarded",
    "compensate": "compensated",
    "skip": "skipped",
    "assign": "assigned",
    "note": "noted",
}
_WRITE: Final = {
    "assign": "UPDATE app.exception SET owner = $3, is_assigned = $3::text IS NOT NULL, changes = changes + 1 "
    "WHERE tenant_id = $1 AND exception_id = $2 AND state = 'open' AND changes = $4 AND owner IS DISTINCT FROM $3 "
    "RETURNING true",
    "note": "UPDATE app.exception SET note = $3, changes = changes + 1 "
    "WHERE tenant_id = $1 AND exception_id = $2 AND state = 'open' AND changes = $4 AND note IS DISTINCT FROM $3 "
    "RETURNING true",
}
_WRITTEN: Final = {"assign": "owner", "note": "note"}
_SAID: Final = {"assign": "exception.assigned", "note": "exception.noted"}


class Hand:
    """One exception in somebody's hand; `connection` is in a transaction of its tenant, which the caller commits.

    A run's row is always locked before its exception's, as the engine does it.
    """

    def __init__(self, connection: Any, tenant: TenantId, exception: UUID, actor: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._exception = exception
        self._actor = actor

    async def act(self, wanted: Act, seen: int | None = None) -> Done:
        """Do what `wanted` says, and answer what was done.

        Who does the same thing again is told nothing new; of two who do different things one does.

        Args:
            wanted: what to do.
            seen: the changes that the exception had when its reader saw it; None for any.

        Raises:
            NotFound: the tenant has none of this id.
            ExceptionClosed, ExceptionChanged, NotForThisCategory: see there; nothing happened.
            UnknownOwner: of an assignment.
            Problem: what retrying, resuming or cancelling the run says.
        """
        found = await self._standing()
        outcome = outcome_of(wanted.action, found.category)
        if wanted.action in _WRITE:
            await self._write(wanted, found.changes if seen is None else seen)
            return outcome
        if found.state != "open":
            if (found.outcome, found.closed_by, found.reason) == (outcome, self._actor, wanted.words):
                return outcome  # by this very actor, who perhaps never heard of it
            raise ExceptionClosed(f"It is {found.state}: {found.outcome}")
        if seen is not None and found.changes != seen:
            raise ExceptionChanged
        if found.is_of_entry and wanted.action in ENDS:
            raise NotForThisCategory(OF_ENTRY)
        if found.category not in TAKES[wanted.action]:
            raise NotForThisCategory(OTHERWISE[found.category])
        if outcome == "discarded":
            await self._discard(found, wanted.words or "")
        elif outcome == "skipped":
            await self._skip(found, wanted.words or "")
        elif outcome == "compensated":
            await self._compensate(found, wanted.words or "")
        else:
            await self._move(found, outcome)
        return outcome

    async def _write(self, wanted: Act, seen: int) -> None:
        """An owner or a note. The audit keeps those before."""
        column = _WRITTEN[wanted.action]
        value = wanted.owner if wanted.action == "assign" else wanted.words
        if wanted.action == "assign":
            await owners.check(self._connection, self._tenant, value)
        statement = _WRITE[wanted.action]
        if await self._connection.fetchval(statement, self._tenant, self._exception, value, seen):
            await self._audit(_SAID[wanted.action], {column: value})
            return
        row = await self._connection.fetchrow(
            "SELECT state, owner, note FROM app.exception WHERE tenant_id = $1 AND exception_id = $2",
            self._tenant,
            self._exception,
        )
        if row["state"] != "open":
            raise ExceptionClosed(f"It is {row['state']}")
        if row[column] != value:
            raise ExceptionChanged

    async def _move(self, found: _Standing, outcome: str) -> None:
        """Let the run go on, or end it. That this closed its exception is what says that it still stood there."""
        run = found.run_id
        if run is None:
            raise NotForThisCategory(OTHERWISE[found.category])
        try:
            if outcome == "retried":
                await repeating.retry(self._connection, self._tenant, run, self._actor)
            elif outcome == "resumed":
                await operating.resume(self._connection, self._tenant, run, self._actor, seen=found.seq)
            else:
                await operating.cancel(self._connection, self._tenant, run, self._actor)
        except (RunNotFaulted, RunNotSuspended, RunHasEnded) as gone:
            raise ExceptionClosed(gone.detail) from gone
        if not await self._connection.fetchval(
            "UPDATE app.exception SET changes = changes + 1 WHERE tenant_id = $1 AND exception_id = $2 "
            "AND state = 'resolved' AND outcome = $3 AND changes = $4 RETURNING true",
            self._tenant,
            self._exception,
            outcome,
            found.changes,
        ):
            raise ExceptionClosed("Its run had just gone on")

    async def _discard(self, found: _Standing, reason: str) -> None:
        """Give it up; with a run that has not ended, the run: it would stand there for ever, and nobody would look."""
        is_living = found.category in OF_LIVING_RUNS
        if is_living:
            await self._move(found, "cancelled")
        if not await self._connection.fetchval(
            "UPDATE app.exception SET state = 'discarded', outcome = 'discarded', reason = $3, closed_by = $4, "
            "closed_at = clock_timestamp(), changes = changes + 1 WHERE tenant_id = $1 AND exception_id = $2 "
            "AND ((state = 'open' AND changes = $6) OR $5) RETURNING true",
            self._tenant,
            self._exception,
            reason,
            self._actor,
            is_living,
            found.changes,
        ):
            raise ExceptionChanged
        await self._audit("exception.discarded", {"reason": reason, "category": found.category})

    async def _skip(self, found: _Standing, reason: str) -> None:
        """Let the run go on behind what failed. Its document has to declare it, as the run kept it when it failed."""
        if found.run_id is None:
            raise NotForThisCategory(OTHERWISE[found.category])
        try:
            await repeating.skip(self._connection, self._tenant, found.run_id, self._actor, reason)
        except RunNotFaulted as gone:
            raise ExceptionClosed(gone.detail) from gone
        if not await self._connection.fetchval(
            "UPDATE app.exception SET outcome = 'skipped', reason = $3, changes = changes + 1 WHERE tenant_id = $1 "
            "AND exception_id = $2 AND state = 'resolved' AND outcome = 'retried' AND changes = $4 RETURNING true",
            self._tenant,
            self._exception,
            reason,
            found.changes,
        ):
            raise ExceptionClosed("Its run had just gone on")
        await self._audit("exception.skipped", {"reason": reason, "reference": found.reference})

    async def _compensate(self, found: _Standing, reason: str) -> None:
        """Give it up, and have another run undo what this one did, as its document declares it."""
        if found.run_id is None:
            raise NotForThisCategory(OTHERWISE[found.category])
        try:
            by = await compensating.compensate(
                self._connection, self._tenant, found.run_id, self._actor, found.compensation
            )
        except RunNotFaulted as gone:
            raise ExceptionClosed(gone.detail) from gone
        if not await self._connection.fetchval(
            "UPDATE app.exception SET state = 'discarded', outcome = 'compensated', reason = $3, closed_by = $4, "
            "closed_at = clock_timestamp(), changes = changes + 1 WHERE tenant_id = $1 AND exception_id = $2 "
            "AND state = 'open' AND changes = $5 RETURNING true",
            self._tenant,
            self._exception,
            reason,
            self._actor,
            found.changes,
        ):
            raise ExceptionChanged
        await self._audit("exception.compensated", {"reason": reason, "run": ids.show("run", by)})

    async def _standing(self) -> _Standing:
        row = await self._connection.fetchrow(
            "SELECT e.category, e.state, e.outcome, e.closed_by, e.reason, e.run_id, e.mark, e.changes, r.seq, "
            "e.reference, e.compensation FROM app.exception e "
            "LEFT JOIN app.run r ON r.tenant_id = e.tenant_id AND r.run_id = e.run_id "
            "WHERE e.tenant_id = $1 AND e.exception_id = $2",
            self._tenant,
            self._exception,
        )
        if row is None:
            raise NotFound
        return _Standing(**row)

    async def _audit(self, action: str, after: dict[str, Any]) -> None:
        target = ids.show("exc", self._exception)
        await audit.write(self._connection, self._tenant, actor=self._actor, action=action, target=target, after=after)
