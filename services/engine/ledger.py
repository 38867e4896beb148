"""What a claimed run's answers are to its effects: kept, put off, or a person's question (ADR 0027)."""

from __future__ import annotations

import random
from typing import Final

import msgspec
from msgspec.structs import replace

from infra import ids
from services.engine import decisions, effects, leaving
from services.engine.calls import Planned
from services.engine.claims import Claim
from services.engine.effects import Fact
from services.engine.functions import Answer, Call, Done, Failed, Later, Unknown
from services.engine.journal import Audit, Message
from services.engine.patience import now
from services.engine.progress import Progress
from services.engine.state import Ended, Snapshot, Step
from services.engine.waits import Calling, Verdict

MOST_ATTEMPTS: Final = 5_000
"""Calls of one effect that answered `Later` before its task faults: about a day at the longest pause."""


class Ledger:
    """One for each claim. What it notes becomes part of the claim's next checkpoint."""

    def __init__(self, claim: Claim, progress: Progress) -> None:
        self._claim = claim
        self._progress = progress
        self._made: dict[int, Planned] = {}
        self.failing = ""
        """Public id of the connection whose answer the run has faulted with, where it was one."""

    def before(self, snapshot: Snapshot, made: list[Planned]) -> tuple[Snapshot, list[Planned]]:
        """The snapshot to commit before the calls, the same where nothing must be known, and which are sent with it."""
        for one in made:
            self._made[one.strand] = one
        careful = [one for one in made if one.terms is not None and one.terms.needs_row and not one.is_doubtful]
        aging = {
            one.strand
            for one in made
            if one.terms is not None and one.terms.key_valid_for is not None and one.calling.first is None
        }
        if not (careful or aging):
            return snapshot, []
        return decisions.sent(snapshot, {one.strand for one in careful}, aging, now(self._claim)), careful

    def answered(self, snapshot: Snapshot, strand: int, answer: Answer) -> Step | Done | Failed:
        """What to resume with; or the step in which the call is put off, or asked about."""
        calling = decisions.calling(snapshot, strand)
        if isinstance(answer, Later) and calling.attempt >= MOST_ATTEMPTS:
            answer = self._exhausted(strand, calling, answer)
        if isinstance(answer, Later):
            return self._put_off(snapshot, strand, calling, answer)
        if isinstance(answer, Unknown):
            return self._ask(snapshot, strand, calling, answer)
        self._settled(strand, calling, answer)
        return answer

    def late(self, step: Step, strand: int, calling: Calling, answer: Answer) -> Step:
        """The step with an answer that came when something beside it had ended the run, or this branch of it."""
        if not calling.sent or calling.verdict is not None:
            return step
        if isinstance(answer, Done | Failed):
            self._settled(strand, calling, answer)
            return self.kept(step, strand, calling, answer)
        self._lost(strand, calling, "it was sent, and the run went on without its answer")
        return step

    def kept(self, step: Step, strand: int, calling: Calling, answer: Done | Failed) -> Step:
        """The step of a fault with what is known of the effect, so that who has it tried again does nothing twice."""
        if isinstance(answer, Failed) and isinstance(step.outcome, Ended) and step.outcome.error is not None:
            self.failing = answer.ref if step.outcome.error.instance == calling.effect.reference else ""
        stood = step.stood
        if stood is None or not calling.sent or calling.verdict is not None or not decisions.waits(stood, strand):
            return step
        verdict = Verdict(answer.output) if isinstance(answer, Done) else None
        return replace(step, stood=decisions.known(stood, strand, verdict, is_sent=verdict is not None))

    def left(self, before: Snapshot, step: Step, answered: set[int]) -> None:
        """Note what the run has moved past without an answer: a time limit, or a branch that was faster."""
        for strand, calling in before.calls():
            if strand.id in answered:
                continue
            is_unsaid = calling.sent and calling.verdict is None
            if not (is_unsaid or leaving.is_of_people(calling.effect.function)):
                continue
            if not isinstance(step.outcome, Ended) and _still(step.snapshot, strand.id, calling):
                continue
            if is_unsaid:
                self._lost(strand.id, calling, "it was sent, and the run went on without its answer")
            else:
                run = ids.show("run", self._claim.run_id)
                self._progress.send(leaving.message(run, self._call(strand.id, calling).key))

    def _exhausted(self, strand: int, calling: Calling, later: Later) -> Answer:
        """Nobody waits any longer; of an effect that may have happened it is asked."""
        if calling.sent and (self._is_doubtful(strand) or later.uncertain):
            return Unknown(error=later.error, sent=later.sent)
        return decisions.out_of_patience(later)

    def _put_off(self, snapshot: Snapshot, strand: int, calling: Calling, later: Later) -> Step:
        pause = decisions.delay(later, calling.attempt, random.random())  # noqa: S311 (jitter, no secret)
        self._progress.put_off(calling, later, pause)
        moment = now(self._claim)
        due = moment + round(pause * 1000)
        put = decisions.put_off(snapshot, strand, later, due, is_doubtful=self._is_doubtful(strand), now=moment)
        if not later.sent and self._is_first(strand):
            put = decisions.unsent(put, strand)
        if calling.sent:
            is_open = decisions.calling(put, strand).sent
            fact = Fact(key=self._call(strand, calling).key, error=later.error if is_open else None)
            self._note(effects.UNKNOWN if is_open else effects.INTENDED, calling, fact)
        return Step(snapshot=put, entries=[], outcome=calling.effect)

    def _ask(self, snapshot: Snapshot, strand: int, calling: Calling, answer: Unknown) -> Step:
        planned = self._made[strand]
        fact = effects.unknown(planned.call, planned.terms, answer)
        self._note(effects.UNKNOWN, calling, fact)
        moment = self._claim.moment().isoformat()
        self._progress.tell(
            Audit(ids.new(), "effect.uncertain", ids.show("run", self._claim.run_id), _audited(fact)),
            Message(
                fact.notice or ids.new(),
                effects.TOPIC,
                effects.notice(self._claim.tenant_id, self._claim.run_id, moment, fact),
            ),
        )
        asking = decisions.asked(snapshot, strand, now(self._claim), answer.error.detail)
        return Step(snapshot=asking, entries=[], outcome=calling.effect)

    def _is_first(self, strand: int) -> bool:
        """Whether the call that was planned is the first of a key that grows old."""
        made = self._made.get(strand)
        return made is not None and made.calling.last is None and made.terms is not None and not made.terms.needs_row

    def _settled(self, strand: int, calling: Calling, answer: Done | Failed) -> None:
        if isinstance(answer, Done) and answer.by and calling.verdict is None:
            planned = self._made[strand]
            fact = replace(
                effects.sent(planned.call, planned.terms), answer=effects.bounded(answer.output), by=answer.by
            )
            self._note(effects.CONFIRMED, calling, fact)
            return
        if not calling.sent or calling.verdict is not None:
            return
        key, by = self._call(strand, calling).key, "read-back" if self._is_doubtful(strand) else ""
        if isinstance(answer, Done):
            self._note(effects.CONFIRMED, calling, Fact(key=key, answer=effects.bounded(answer.output), by=by))
        else:
            self._note(effects.FAILED, calling, Fact(key=key, error=answer.error, by=by))

    def _lost(self, strand: int, calling: Calling, why: str) -> None:
        error = decisions.outcome_unknown(calling.effect.name).error
        key = self._call(strand, calling).key
        self._note(effects.UNKNOWN, calling, Fact(key=key, error=replace(error, detail=why)))

    def _note(self, kind: str, calling: Calling, fact: Fact) -> None:
        self._progress.add(kind, calling.effect.reference, calling.effect.name, fact.text())

    def _is_doubtful(self, strand: int) -> bool:
        return strand in self._made and self._made[strand].is_doubtful

    def _call(self, strand: int, calling: Calling) -> Call:
        planned = self._made.get(strand)
        if planned is not None and planned.calling.effect == calling.effect:
            return planned.call
        return decisions.call_of(calling.effect, tenant=self._claim.tenant_id, run=self._claim.run_id)


def _still(snapshot: Snapshot, strand: int, calling: Calling) -> bool:
    """Whether the strand waits for that very effect."""
    return any(
        one.id == strand
        and (wait.effect.reference, wait.effect.iteration) == (calling.effect.reference, calling.effect.iteration)
        for one, wait in snapshot.calls()
    )


def _audited(fact: Fact) -> str:
    """Without payloads."""
    known = {"effect": fact.key, "mode": fact.mode, "operation": fact.operation}
    return msgspec.json.encode(known).decode()
