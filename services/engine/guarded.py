"""Asks before each write of a run whether a rule guards it, and whether it stands on an approval (ADR 0063, 0119).

That is a person's, by an event or a human task of which the run's journal tells, or what the matrix lets go by itself.

What was checked when the workflow was deployed may be otherwise by now: a rule was set since, the run was moved to
another document, a person refused. The function itself is asked only when nothing stands in the way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from infra import clock, ids
from infra.database import Database, through_outage
from services.engine import by_matrix
from services.engine.functions import NOT_APPROVED, Answer, Call, Cautious, ErrorDetails, Failed, Terms
from template_library.policies.approvals import Decision, Line, lacking
from template_library.policies.capabilities import Writes
from template_library.policies.decisions import covered
from template_library.policies.rules import Rule, broken_by
from tenants.audit import writing as audit
from tenants.organizations import policies

FRESH_SECONDS: Final = 2.0
_MOST: Final = 10_000
_FORBIDDEN: Final = 403

WritesOf = Callable[[Call], Awaitable[Writes]]
"""What a call may write, by its function and its arguments."""

_DECISIONS: Final = """
SELECT reference, event_source, event_key, is_approved FROM app.approval
WHERE tenant_id = $1 AND run_id = $2 AND task_id IS NULL AND decision IS NULL
"""
# Of the tasks that ran under one reference the last one, decided or not: it is the one that the journal ends with.
_TASKS: Final = """
SELECT t.reference, t.decision, coalesce(a.is_approved, false) AS is_approved FROM (
  SELECT DISTINCT ON (h.reference) h.tenant_id, h.run_id, h.task_id, h.reference, h.decision FROM app.human_task h
  WHERE h.tenant_id = $1 AND h.run_id = $2 ORDER BY h.reference, h.created_at DESC, h.task_id DESC
) t
LEFT JOIN app.approval a ON a.tenant_id = t.tenant_id AND a.run_id = t.run_id AND a.task_id = t.task_id
WHERE t.decision IS NOT NULL
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
        if not names:
            return None
        why = await through_outage(lambda: self._lacks(call, domains), "a run's approvals")
        if not why:
            return None
        await through_outage(lambda: self._record(call, names, domains), "what was refused")
        detail = (
            f"It writes {', '.join(domains)}, and no approval of this run stands before it; asked for by"
            f" {', '.join(names)}. Nor does the matrix of authority let it go by itself: {why}. Nothing was sent"
        )
        error = ErrorDetails(type=NOT_APPROVED, status=_FORBIDDEN, title="A write lacks its approval", detail=detail)
        return Failed(error=error, sent=False)

    async def _lacks(self, call: Call, domains: list[str]) -> str:
        """Why it may not go; empty: it may. Read anew each time: the last word of whoever decided counts."""
        async with self._rules.database.tenant(call.tenant) as connection:
            decided = [_decision(row) for row in await connection.fetch(_DECISIONS, call.tenant, call.run)]
            decided += [_task(row) for row in await connection.fetch(_TASKS, call.tenant, call.run)]
            references = list({one.reference for one in decided})
            rows = await connection.fetch(_LINES, call.tenant, call.run, references) if references else []
            left = lacking([_line(row) for row in rows], decided, call.reference, domains)
            if any(each.is_about(one) for each in decided for one in left):
                return "somebody was asked in this run, whose word it is"
            return await by_matrix.refusal(connection, call, left) if left else ""

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


def _task(row: Any) -> Decision:
    return Decision(reference=row["reference"], is_approved=row["is_approved"], covers=covered(row["decision"]))


def _line(row: Any) -> Line:
    return Line(kind=row["kind"], reference=row["reference"], source=row["source"] or "", id=row["id"] or "")
