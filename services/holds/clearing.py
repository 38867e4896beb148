"""Holds are cleared, or overridden, one at a time: by whom the authority lets, and each by itself (ADR 0104)."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.ids import TenantId
from infra.problems import NotFound
from services.holds import authority, kinds, releasing, subjects, telling
from services.holds.authority import Act, Consent, Decider, Judge, Question, Verdict
from services.holds.errors import AlreadyAgreed, HoldChanged, HoldClosed, HoldNotYours
from services.holds.telling import PREFIX
from tenants.audit import writing as audit

Outcome = Literal["cleared", "overridden", "agreed"]
_OUTCOMES: Final[dict[Act, Outcome]] = {"clear": "cleared", "override": "overridden"}
_SEEN: Final = "SELECT kind, key FROM app.hold WHERE tenant_id = $1 AND hold_id = $2"
_READ: Final = """
SELECT h.hold_id, h.kind, h.key, h.line, h.type, h.reason, h.owner_role, h.status, h.value, h.currency, h.run_id,
  h.raised_by, h.cleared_by, h.why, h.after_release, h.version, h.consents::text AS consents, s.customer, s.site
FROM app.hold h JOIN app.hold_subject s ON s.tenant_id = h.tenant_id AND s.kind = h.kind AND s.key = h.key
WHERE h.tenant_id = $1 AND h.hold_id = $2
"""
_CLOSE: Final = """
UPDATE app.hold SET status = $3, cleared_by = $4, cleared_at = clock_timestamp(), why = $5, version = version + 1
WHERE tenant_id = $1 AND hold_id = $2
"""
_AGREE: Final = "UPDATE app.hold SET consents = $3, version = version + 1 WHERE tenant_id = $1 AND hold_id = $2"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants done. `seen`: the version of the hold as they saw it, None for any."""

    act: Act
    why: str
    by: Decider
    seen: int | None = None


class Hand:
    """Of one tenant; `connection` is in its transaction, which the caller commits. `judge` None: nobody decides."""

    def __init__(self, connection: Any, tenant: TenantId, judge: Judge | None) -> None:
        self._connection = connection
        self._tenant = tenant
        self._judge = judge

    async def act(self, hold: UUID, wish: Wish) -> Outcome:
        """Do it, or note the consent where several must agree. The same of the same person again changes nothing.

        Raises:
            NotFound: the tenant has no such hold.
            HoldClosed, HoldChanged, AlreadyAgreed: nothing was changed.
            HoldNotYours: the authority says no, or there is none to ask.
        """
        row = await self._locked(hold)
        outcome = _OUTCOMES[wish.act]
        if row["status"] != "active":
            if (row["status"], row["cleared_by"], row["why"]) == (outcome, wish.by.actor, wish.why):
                return outcome
            raise HoldClosed(f"It is {row['status']}, by {row['cleared_by']}")
        if wish.seen is not None and row["version"] != wish.seen:
            raise HoldChanged
        consents = msgspec.json.decode(row["consents"], type=tuple[Consent, ...])
        same = tuple(one for one in consents if one.act == wish.act)
        verdict = await self._ask(row, wish, same)
        if verdict.outcome == "refused":
            raise HoldNotYours(verdict.words)
        if verdict.outcome == "more":
            if any(one.by == wish.by.actor for one in same):
                raise AlreadyAgreed(verdict.words)
            await self._agree(row, wish, consents)
            return "agreed"
        await self._close(row, outcome, wish.by.actor, wish.why, run=None)
        return outcome

    async def may(self, hold: UUID, wish: Wish) -> Verdict:
        """What the authority would say now; of a preview. Raises NotFound."""
        row = await self._connection.fetchrow(_READ, self._tenant, hold)
        if row is None:
            raise NotFound
        consents = msgspec.json.decode(row["consents"], type=tuple[Consent, ...])
        try:
            return await self._ask(row, wish, tuple(one for one in consents if one.act == wish.act))
        except HoldNotYours as no:
            return Verdict("refused", no.detail)

    async def clear_own(self, hold: UUID, run: UUID, why: str) -> bool:
        """Clear what this very run raised, where its type lets runs; answers whether it is cleared now."""
        row = await self._locked(hold)
        kind = next((one for one in await self._kinds() if one.name == row["type"]), None)
        if row["run_id"] != run or kind is None or not kind.run_may_clear:
            return False
        if row["status"] == "active":
            await self._close(row, "cleared", telling.of_run(run), why, run=run)
        return True

    async def _locked(self, hold: UUID) -> Any:
        """The row behind the lock of its order or customer, so that none is let go beside it."""
        seen = await self._connection.fetchrow(_SEEN, self._tenant, hold)
        if seen is None:
            raise NotFound
        lock = subjects.hold_customer if seen["kind"] == "customer" else subjects.hold_order
        await lock(self._connection, self._tenant, seen["key"])
        return await self._connection.fetchrow(_READ, self._tenant, hold)

    async def _kinds(self) -> tuple[kinds.Kind, ...]:
        return (await kinds.in_force(self._connection, self._tenant)).kinds

    async def _ask(self, row: Any, wish: Wish, given: tuple[Consent, ...]) -> Verdict:
        kind = next((one for one in await self._kinds() if one.name == row["type"]), None)
        if kind is not None and kind.decision is None:
            return Verdict("allowed")
        # Of a type that is set no more nobody knows who decides: as of one whose authority is not set.
        question = Question(
            decision=row["type"] if kind is None or kind.decision is None else kind.decision,
            act=wish.act,
            facts=_facts(row),
            requester=row["raised_by"],
            by=wish.by,
            given=tuple(one for one in given if one.by != wish.by.actor),
        )
        return await authority.judged(self._judge, self._connection, self._tenant, question)

    async def _agree(self, row: Any, wish: Wish, consents: tuple[Consent, ...]) -> None:
        more = (*consents, Consent(act=wish.act, by=wish.by.actor, at=clock.now(), why=wish.why))
        text = msgspec.json.encode(more).decode()
        await self._connection.execute(_AGREE, self._tenant, row["hold_id"], text)
        await self._audit(row, "hold.agreed", wish.by.actor, {"act": wish.act, "why": wish.why})

    async def _close(self, row: Any, outcome: Outcome, actor: str, why: str, *, run: UUID | None) -> None:
        await self._connection.execute(_CLOSE, self._tenant, row["hold_id"], outcome, actor, why)
        await self._audit(row, f"hold.{outcome}", actor, {"why": why})
        told = dict(row) | {"status": outcome, "cleared_by": actor}
        await telling.tell(self._connection, self._tenant, "cleared", told, actor=actor, run=run)
        await releasing.call_waiting(self._connection, self._tenant, row["kind"], row["key"])

    async def _audit(self, row: Any, action: str, actor: str, more: dict[str, Any]) -> None:
        after = {row["kind"]: row["key"], "type": row["type"], "reason": row["reason"]} | more
        target = ids.show(PREFIX, row["hold_id"])
        await audit.write(self._connection, self._tenant, actor=actor, action=action, target=target, after=after)


def _facts(row: Any) -> dict[str, Any]:
    facts = {
        "amount": row["value"],
        "currency": row["currency"],
        "customer": row["customer"],
        "site": row["site"],
        "type": row["type"],
        "reason": row["reason"],
        "order": row["key"] if row["kind"] == "order" else None,
    }
    return {name: value for name, value in facts.items() if value is not None}
