"""Asks before each write of a run whether a rule guards it, and whether the run's journal holds an approval (ADR 0063).

What was checked when the workflow was deployed may be otherwise by now: a rule was set since, the run was moved to
another document, a person refused. The function itself is asked only when nothing stands in the way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from infra import clock, ids
from infra.database import Database, through_outage
from services.engine.functions import NOT_APPROVED, Answer, Call, Cautious, ErrorDetails, Failed, Terms
from template_library.policies.approvals import Decision, Line, is_approved
from template_library.policies.capabilities import Writes
from template_library.policies.rules import Rule, broken_by
from tenants.audit import writing as audit
from tenants.organizations import policies

FRESH_SECONDS: Final = 2.0
_MOST: Final = 10_000
_FORBIDDEN: Final = 403

WritesOf = Callable[[Call], Awaitable[Writes]]
"""What a call may write, by its function and its arguments."""

_DECISIONS: Final = """
SELECT reference, event_source, event_key, is_approved FROM app.approval WHERE tenant_id = $1 AND run_id = $2
"""
_LINES: Final = """
SELECT kind, reference, data ->> 'source' AS source, data ->> 'id' AS id FROM app.journal
WHERE tenant_id = $1 AND run_id = $2 AND reference = ANY ($3) ORDER BY seq
"""


class Rules:
    """The rules that hold in tenants; what it gives was true at most two seconds ago."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._kept: dict[UUID, tuple[float, list[Rule]]] = {}

    async def of(self, tenant: UUID) -> list[Rule]:
        """All of them, whoever set them."""
        kept = self._kept.get(tenant)
        if kept is not None and clock.monotonic() < kept[0]:
            return kept[1]
        began = clock.monotonic()
        found = await through_outage(lambda: self._read(tenant), "a tenant's rules")
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[tenant] = (began + FRESH_SECONDS, found)
        return found

    async def _read(self, tenant: UUID) -> list[Rule]:
        async with self.database.tenant(tenant) as connection:
            return await policies.of_worker(connection, tenant)


class Guarded:
    """A function behind the rules; fills the engine's Function and Cautious protocols."""

    def __init__(self, function: Cautious, rules: Rules, writes: WritesOf) -> None:
        self._function = function
        self._rules = rules
        self._writes = writes

    async def __call__(self, call: Call) -> Answer:
        return await self._refusal(call) or await self._function(call)

    async def terms(self, call: Call) -> Terms | None:
        """See `Cautious`."""
        return await self._function.terms(call)

    async def settle(self, call: Call) -> Answer:
        """See `Cautious`. It changes nothing, so that no rule asks for anything."""
        return await self._function.settle(call)

    async def _refusal(self, call: Call) -> Failed | None:
        rules = await self._rules.of(call.tenant)
        names, domains = broken_by(rules, await self._writes(call)) if rules else ([], [])
        if not names or await through_outage(lambda: self._stands(call), "a run's approvals"):
            return None
        await through_outage(lambda: self._record(call, names, domains), "what was refused")
        detail = (
            f"It writes {', '.join(domains)}, and no approval of this run stands before it; asked for by"
            f" {', '.join(names)}. Nothing was sent"
        )
        error = ErrorDetails(type=NOT_APPROVED, status=_FORBIDDEN, title="A write lacks its approval", detail=detail)
        return Failed(error=error, sent=False)

    async def _stands(self, call: Call) -> bool:
        """What a person decided, and what the run has heard of it. Read anew each time: the last word counts."""
        async with self._rules.database.tenant(call.tenant) as connection:
            decided = [_decision(row) for row in await connection.fetch(_DECISIONS, call.tenant, call.run)]
            if not decided:
                return False
            references = list({one.reference for one in decided})
            rows = await connection.fetch(_LINES, call.tenant, call.run, references)
        return is_approved((_line(row) for row in rows), decided, call.reference)

    async def _record(self, call: Call, names: list[str], domains: list[str]) -> None:
        after = {"reference": call.reference, "rules": names, "domains": domains}
        target = ids.show("run", call.run)
        async with self._rules.database.tenant(call.tenant) as connection:
            await audit.write(
                connection, call.tenant, actor="engine", action="write.refused", target=target, after=after
            )


def _decision(row: Any) -> Decision:
    return Decision(
        reference=row["reference"], source=row["event_source"], id=row["event_key"], is_approved=row["is_approved"]
    )


def _line(row: Any) -> Line:
    return Line(kind=row["kind"], reference=row["reference"], source=row["source"] or "", id=row["id"] or "")
