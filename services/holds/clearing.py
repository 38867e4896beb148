"""Holds are cleared, or overridden, one at a time: by whom the authority lets, and each by itself (ADR 0104)."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.ids import TenantId
from infra.problems import NotFound
from services.holds import authority, kinds, releasing, subjects, telling
from services.holds import clock as holds_clock
from services.holds.authority import Act, Consent, Decider, Judge, Question, Verdict
from services.holds.errors import AlreadyAgreed, HoldChanged, HoldClosed, HoldNotYours
from services.holds.telling import PREFIX
from tenants.audit import digests
from tenants.audit import writing as audit

Outcome = Literal["cleared", "overridden", "agreed"]
_OUTCOMES: Final[dict[Act, Outcome]] = {"clear": "cleared", "override": "overridden"}
_SEEN: Final = "SELECT kind, key FROM app.hold WHERE tenant_id = $1 AND hold_id = $2"
_READ: Final = """
SELECT h.hold_id, h.kind, h.key, h.line, h.type, h.reason, h.owner_role, h.status, h.value, h.currency, h.run_id,
  h.raised_by, h.raisers, h.raised_at, h.facts::text AS facts, h.cleared_by, h.why, h.after_release, h.version, h.salt,
  h.consents::text AS consents, h.decision, h.run_may_clear, s.customer, s.site
FROM app.hold h JOIN app.hold_subject s ON s.tenant_id = h.tenant_id AND s.kind = h.kind AND s.key = h.key
WHERE h.tenant_id = $1 AND h.hold_id = $2
"""
_CLOSE: Final = """
UPDATE app.hold SET status = $3, cleared_by = $4, cleared_at = clock_timestamp(), why = $5, version = version + 1,
  consents = coalesce($6, consents)
WHERE tenant_id = $1 AND hold_id = $2
"""
# Whoever decides about two holds of one run at once does it one after the other.
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 98))"
_EARLIER: Final = """
SELECT consents::text AS consents FROM app.hold
WHERE tenant_id = $1 AND run_id = $2 AND hold_id <> $3 AND json_array_length(consents) > 0
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
        if row["run_id"] is not None:
            await self._connection.execute(_TURN, str(row["run_id"]))
        consents = _consents(row)
        verdict = await self._ask(row, wish, consents)
        if verdict.outcome == "refused":
            raise HoldNotYours(verdict.words)
        by = (wish.act, wish.by.actor)
        if verdict.outcome == "more" and any((one.act, one.by, one.need) == (*by, verdict.need) for one in consents):
            raise AlreadyAgreed(verdict.words)
        # What they agreed to before, and is something else by now, is said anew by this.
        all_of_them = tuple(one for one in consents if (one.act, one.by) != by) + _consent(wish, verdict)
        if verdict.outcome == "more":
            await self._agree(row, wish, verdict, all_of_them)
            return "agreed"
        told = {"on_behalf_of": _account(verdict.behalf), "from": wish.by.network, "rule": verdict.rule}
        await self._close(row, outcome, wish.by.actor, wish.why, run=None, told=told, consents=all_of_them)
        return outcome

    async def may(self, hold: UUID, wish: Wish) -> Verdict:
        """What the authority would say now; of a preview. Raises NotFound."""
        row = await self._connection.fetchrow(_READ, self._tenant, hold)
        if row is None:
            raise NotFound
        try:
            return await self._ask(row, wish, _consents(row))
        except HoldNotYours as no:
            return Verdict("refused", no.detail)

    async def clear_own(self, hold: UUID, run: UUID, why: str) -> bool:
        """Clear what this very run raised, and nobody else, where its type lets runs; answers whether it is cleared."""
        row = await self._locked(hold)
        kind = await self._kind(row["type"])
        may = kind is not None and kind.run_may_clear and row["run_may_clear"]
        if not may or row["run_id"] != run or row["raisers"] != [telling.of_run(run)]:
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

    async def _kind(self, name: str) -> kinds.Kind | None:
        found = (await kinds.in_force(self._connection, self._tenant)).kinds
        return next((one for one in found if one.name == name), None)

    async def _decision(self, row: Any) -> str | None:
        """For which it is held, else its type's of now: it becomes more, and never less (ADR 0115)."""
        if row["decision"] is not None:
            return str(row["decision"])
        kind = await self._kind(row["type"])
        # Of a type that is set no more nobody knows who decides: as of one whose authority is not set.
        return str(row["type"]) if kind is None else kind.decision

    async def _ask(self, row: Any, wish: Wish, consents: tuple[Consent, ...]) -> Verdict:
        decision = await self._decision(row)
        if decision is None:
            return Verdict("allowed")
        question = Question(
            decision=decision,
            act=wish.act,
            facts=_facts(row),
            raisers=tuple(row["raisers"]),
            raised_at=row["raised_at"],
            by=wish.by,
            run=row["run_id"],
            changers=await kinds.set_since(self._connection, self._tenant, row["raised_at"]),
            earlier=await self._earlier(row),
            given=tuple(one for one in consents if one.act == wish.act and one.by != wish.by.actor),
        )
        return await authority.judged(self._judge, self._connection, self._tenant, question)

    async def _earlier(self, row: Any) -> tuple[UUID, ...]:
        """Who agreed about other holds of the same run."""
        if row["run_id"] is None:
            return ()
        others = await self._connection.fetch(_EARLIER, self._tenant, row["run_id"], row["hold_id"])
        pairs = [(each.account, each.behalf) for other in others for each in _consents(other)]
        return tuple(sorted({one for pair in pairs for one in pair if one is not None}))

    async def _agree(self, row: Any, wish: Wish, verdict: Verdict, consents: tuple[Consent, ...]) -> None:
        await self._connection.execute(_AGREE, self._tenant, row["hold_id"], _text(consents))
        told = {"act": wish.act, "on_behalf_of": _account(verdict.behalf), "from": wish.by.network}
        await self._audit(row, "hold.agreed", wish.by.actor, wish.why, told | {"rule": verdict.rule})

    async def _close(  # noqa: PLR0913 (what became of it, by whom, and by what right)
        self,
        row: Any,
        outcome: Outcome,
        actor: str,
        why: str,
        *,
        run: UUID | None,
        told: dict[str, Any] | None = None,
        consents: tuple[Consent, ...] | None = None,
    ) -> None:
        text = None if consents is None else _text(consents)
        await self._connection.execute(_CLOSE, self._tenant, row["hold_id"], outcome, actor, why, text)
        await self._audit(row, f"hold.{outcome}", actor, why, told or {})
        await holds_clock.end(self._connection, self._tenant, row["hold_id"], outcome)
        event = dict(row) | {"status": outcome, "cleared_by": actor}
        await telling.tell(self._connection, self._tenant, "cleared", event, actor=actor, run=run)
        await releasing.call_waiting(self._connection, self._tenant, row["kind"], row["key"])

    async def _audit(self, row: Any, action: str, actor: str, why: str, more: dict[str, Any]) -> None:
        """Of what somebody wrote the log has a digest: the words stand with the hold."""
        after = {row["kind"]: row["key"], "type": row["type"], "reason": row["reason"]}
        after |= {name: said for name, said in more.items() if said is not None}
        after["digests"] = {"why": digests.of(row["salt"], why)}
        target = ids.show(PREFIX, row["hold_id"])
        await audit.write(self._connection, self._tenant, actor=actor, action=action, target=target, after=after)


def _consents(row: Any) -> tuple[Consent, ...]:
    return msgspec.json.decode(row["consents"], type=tuple[Consent, ...])


def _text(consents: tuple[Consent, ...]) -> str:
    return msgspec.json.encode(consents).decode()


def _consent(wish: Wish, verdict: Verdict) -> tuple[Consent, ...]:
    """None where nothing was asked but the permission."""
    if wish.by.account is None or (verdict.outcome == "allowed" and verdict.rule is None):
        return ()
    return (
        Consent(
            act=wish.act,
            by=wish.by.actor,
            at=clock.now(),
            why=wish.why,
            account=wish.by.account,
            behalf=verdict.behalf,
            need=verdict.need,
        ),
    )


def _account(behalf: UUID | None) -> str | None:
    return None if behalf is None else ids.show("acc", behalf)


def _facts(row: Any) -> dict[str, Any]:
    facts = msgspec.json.decode(row["facts"]) | {
        "amount": row["value"],
        "currency": row["currency"],
        "customer": row["customer"],
        "site": row["site"],
        "type": row["type"],
        "reason": row["reason"],
        "order": row["key"] if row["kind"] == "order" else None,
    }
    return {name: value for name, value in facts.items() if value is not None}
