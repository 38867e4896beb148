"""A person says what became of an effect that nobody else can tell of (ADR 0027)."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.problems import Conflict, NotFound
from services.engine import decisions, effects, payload_rows, state
from services.engine.state import VERSION, Snapshot
from services.engine.waits import Verdict

_NOBODY: Final = "nobody could find out"
_OTHER_VERSION: Final = "Another version of this software has the run"
Choice = Literal["happened", "did-not-happen", "fail"]


class EffectDecided(Conflict):
    """The effect is not as it was when you saw it: somebody decided, or it became known. Read it anew."""

    name = "effect-changed"
    title = "The effect has changed"


class RunUnderWay(Conflict):
    """A worker has the run in hand at this moment, for another of its branches. Send the same again in a moment."""

    name = "run-under-way"
    title = "The run is under way"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says.

    Attributes:
        effect: its key.
        actor: the person.
        version: of the effect that this person saw.
        output: of what happened; the task goes on with it.
        why: in words, for the audit and for the error of a task that fails.
    """

    effect: str
    actor: str
    choice: Choice
    version: int
    output: Any = None
    why: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """What the task goes on with; None: it calls again."""
        if self.choice == "happened":
            return Verdict(self.output)
        return Verdict(error=decisions.uncertain(self.why or _NOBODY)) if self.choice == "fail" else None


async def decide(connection: Any, tenant: TenantId, run: UUID, decision: Decision) -> None:
    """Settle the effect and let the run go on; `connection` is in a transaction of the tenant.

    A run that has ended stays ended: what was decided counts when it is tried again. The same of the same person, who
    saw the same, changes nothing.

    Raises:
        NotFound: the run has no such effect.
        EffectDecided: another person was faster, or it is no question any more.
        RunUnderWay: a worker has the run in hand.
        PayloadUnreadable: what it stands at is missing or damaged.
    """
    row = await connection.fetchrow(
        "SELECT seq, snapshot FROM app.run WHERE tenant_id = $1 AND run_id = $2", tenant, run
    )
    if row is None:
        raise NotFound
    stored = row["snapshot"]
    if stored is not None:
        stored = await payload_rows.whole(connection, tenant, run, stored)
    audited = {"effect": decision.effect, "decision": decision.choice, "why": decision.why, "line": row["seq"]}
    found = await connection.fetchval(
        "SELECT app.decide_effect($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        run,
        decision.effect,
        decision.actor,
        ids.new(),
        decision.version,
        row["seq"],
        None if stored is None else _decided(stored, tenant, run, decision),
        effects.text({"effect": _fact(decision)}),
        effects.text(audited),
    )
    if found is None:
        raise NotFound
    if found in {"held", "moved"}:
        raise RunUnderWay
    if found not in {"decided", "repeated"}:
        raise EffectDecided


def _fact(decision: Decision) -> dict[str, Any]:
    fact: dict[str, Any] = {"key": decision.effect, "decision": decision.choice, "by": decision.actor}
    verdict = decision.verdict
    if verdict is not None and verdict.error is not None:
        fact["error"] = msgspec.to_builtins(verdict.error)
    elif verdict is not None:
        fact["answer"] = effects.bounded(decision.output)
    return fact


def _decided(stored: bytes, tenant: UUID, run: UUID, decision: Decision) -> bytes | None:
    """What a worker goes on with; None where the run does not wait for the effect any more."""
    try:
        snapshot = state.decode(stored)
    except msgspec.DecodeError:
        raise RunUnderWay(_OTHER_VERSION) from None
    if snapshot.version != VERSION:
        raise RunUnderWay(_OTHER_VERSION)
    strand = _strand(snapshot, tenant, run, decision.effect)
    if strand is None:
        return None
    verdict = decision.verdict
    is_sent = decision.choice != "did-not-happen"
    return state.encode(decisions.known(snapshot, strand, verdict, is_sent=is_sent))


def _strand(snapshot: Snapshot, tenant: UUID, run: UUID, key: str) -> int | None:
    for strand, calling in snapshot.calls():
        effect = calling.effect
        if calling.sent and decisions.key_of(effect, tenant, run) == key:
            return strand.id
    return None
