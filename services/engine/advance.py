"""Moves one claimed run as far as it goes: pure tasks, a call, a commit, and on.

The first call after a claim needs no commit before it: nothing but pure tasks happened, and they happen again after a
crash (ADR 0009). It gets one while it lasts when it takes long, to be seen. From then on every answer is committed
before the next call is made.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any, Final

import msgspec

from infra import crash_points, ids
from infra.database import through_outage
from infra.telemetry import instruments, trace
from services.engine import decisions, lifecycle, state, values
from services.engine.claims import Claim, Claims
from services.engine.definitions import Definition, Definitions
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.faults import kind_of, standard
from services.engine.functions import (
    Answer,
    Call,
    Cautious,
    Done,
    ErrorDetails,
    Failed,
    Function,
    Functions,
    Later,
)
from services.engine.journal import Audit, Journal
from services.engine.progress import Progress
from services.engine.state import Effect, Ended, RunDescriptor, Snapshot, Step
from template_library.dsl import DocumentError
from tenants.deployments.errors import UnknownRevision

_log: Final = logging.getLogger(__name__)
_UNAVAILABLE_SECONDS: Final = 1.0
MOST_ATTEMPTS: Final = 5_000
"""Calls of one effect that answered `Later` before its task faults: about a day at the longest pause."""


class Advance:
    """The activation of claimed runs; one for the process."""

    def __init__(  # noqa: PLR0913 (wiring, done once)
        self,
        definitions: Definitions,
        functions: Functions,
        journal: Journal,
        claims: Claims,
        *,
        leave_after_commit: Callable[[], bool],
        told: Callable[[], None],
    ) -> None:
        """`leave_after_commit`: hand the run back at its next commit; `told`: a commit left something for the relay."""
        self.definitions = definitions
        self.functions = functions
        self.journal = journal
        self.claims = claims
        self.leave_after_commit = leave_after_commit
        self.told = told

    async def __call__(self, claim: Claim) -> None:
        """Bring the run to its next wait or its end, or until it is somebody else's.

        Raises whatever went wrong on our side; the run then keeps its lease until it lapses and comes back a suspect.
        """
        created = int(claim.created_at.timestamp() * 1_000_000_000)
        is_first = claim.snapshot is None
        with trace.activate(claim.trace, claim.run_id, created, is_first=is_first) as span:
            span.note("attempt", claim.attempt)
            await _Turn(self, claim).run()


class _Turn:
    """One claim of one run. The times that it tells are the claim's, so that a wrong clock here does no harm (F-04)."""

    def __init__(self, advance: Advance, claim: Claim) -> None:
        self._advance = advance
        self._claim = claim
        self._progress = Progress(claim, advance.journal)
        self._answered = False

    async def run(self) -> None:
        try:
            definition = await self._definition()
        except (UnknownRevision, DocumentError) as error:
            await self._unrunnable(standard("configuration", "The pinned workflow cannot be run", str(error)))
            return
        try:
            step = await self._first(definition)
        except values.ValueRefused as error:
            fault = standard("validation", "The input cannot be used", f"the input is {error}", instance="/input")
            await self._unrunnable(fault, definition)
            return
        except ExpressionsUnavailable:
            # Nothing happened and nothing is wrong with the run; another worker may have what this one lacks (F-38).
            _log.exception("no expressions on this machine")
            await asyncio.sleep(_UNAVAILABLE_SECONDS)
            await through_outage(lambda: self._advance.claims.release([self._claim]), "handing a run back")
            return
        await self._go_on(definition, step)

    async def _go_on(self, definition: Definition, step: Step) -> None:
        while True:
            self._progress.note(step.entries)
            if isinstance(step.outcome, Ended):
                await self._end(definition, step.outcome)
                return
            answer = await self._answer_to(definition, step, step.outcome)
            if answer is None:
                return
            if isinstance(answer, Later) and step.snapshot.attempt < MOST_ATTEMPTS:
                await self._park(step.snapshot, step.outcome, answer)
                return
            step = await self._resume(definition, step.snapshot, answer)

    async def _answer_to(self, definition: Definition, step: Step, effect: Effect) -> Answer | None:
        """The answer to the call that the step stands at; None when the run is not ours any more, or is handed back."""
        if step.snapshot.sent:
            return decisions.outcome_unknown(effect)
        function = self._advance.functions.get(effect.function)
        call = self._call_of(definition, effect, step.snapshot.attempt)
        if not await self._ready_to_call(function, call, step):
            return None
        crash_points.pass_by("call.before", effect.reference)
        with self._progress.showing(step.snapshot):
            answer = await self._answer(function, call)
        crash_points.pass_by("call.answered", effect.reference)
        return answer if await self._progress.held() else None

    async def _definition(self) -> Definition:
        key = (self._claim.tenant_id, self._claim.deployment_id, self._claim.revision)
        return await through_outage(lambda: self._advance.definitions.get(*key), "a run's definition")

    async def _first(self, definition: Definition) -> Step:
        """The step that the claim stands at: the beginning, or the open effect of its snapshot."""
        if self._claim.snapshot is None:
            claim = self._claim
            descriptor = RunDescriptor(
                id=ids.show("run", claim.run_id),
                tenant=ids.show("ten", claim.tenant_id),
                environment=claim.environment,
                started_at=int(claim.created_at.timestamp() * 1000),
                parameters=definition.parameters,
            )
            return await definition.interpreter.begin(values.decode(claim.input or "null"), descriptor)
        snapshot = state.decode(self._claim.snapshot)
        if snapshot.effect is None:
            raise ValueError("a claimed run's snapshot has no open effect")
        return Step(snapshot=snapshot, entries=[], outcome=snapshot.effect)

    def _call_of(self, definition: Definition, effect: Effect, attempt: int) -> Call:
        claim = self._claim
        return decisions.call_of(
            effect, tenant=claim.tenant_id, run=claim.run_id, attempt=attempt, bindings=definition.bindings
        )

    async def _ready_to_call(self, function: Function | None, call: Call, step: Step) -> bool:
        """Commit what must be known before the call: answers so far, and that a call that may not be repeated is sent.

        False when the run is somebody else's now, or is handed back.
        """
        if self._answered and self._advance.leave_after_commit():
            return await self._leave(step.snapshot)
        careful = isinstance(function, Cautious) and not await function.may_repeat(call)
        if not (self._answered or careful):
            return True
        if careful:
            self._progress.add("task.sent", call.reference)
        snapshot = msgspec.structs.replace(step.snapshot, sent=careful)
        return await self._commit("running", snapshot=state.encode(snapshot), attempt=snapshot.attempt)

    async def _leave(self, snapshot: Snapshot) -> bool:
        """Commit and hand the run back; always False."""
        if await self._commit("running", snapshot=state.encode(snapshot)):
            await through_outage(lambda: self._advance.claims.release([self._claim]), "handing a run back")
        return False

    async def _answer(self, function: Function | None, call: Call) -> Answer:
        if function is None:
            detail = f"there is no function {call.function!r} here; deploy a version that does not call it"
            return Failed(error=standard("runtime", "Unknown function", detail), sent=False)
        with trace.span(call.function) as span:
            span.note("task", call.reference)
            try:
                answer = await function(call)
            except Exception as mistake:  # noqa: BLE001 (a function's mistake faults its run and hurts no other)
                _log.exception("a function failed", extra={"reference": call.reference})
                span.fail(type(mistake).__name__)
                error = standard("runtime", "The call failed on our side", "the failure was recorded")
                return Failed(error=error, sent=False)
            if not isinstance(answer, Done):
                span.fail(kind_of(answer.error))
            return answer

    async def _resume(self, definition: Definition, snapshot: Snapshot, answer: Answer) -> Step:
        if isinstance(answer, Later):
            answer = decisions.out_of_patience(answer)
        if isinstance(answer, Done) or answer.sent:
            kind = answer.usage if isinstance(answer, Done) else "call"
            self._progress.meter(kind)
        self._answered = True
        moment = int(self._claim.moment().timestamp() * 1000)
        while True:
            try:
                return await definition.interpreter.resume(snapshot, answer, now=moment)
            except ExpressionsUnavailable:
                # The answer is known and nobody else has it: it is kept in hand, or the call would be made again.
                _log.exception("no expressions on this machine")
            await asyncio.sleep(_UNAVAILABLE_SECONDS)

    async def _park(self, snapshot: Snapshot, effect: Effect, later: Later) -> None:
        """Let the run wait, holding no worker, until the other side may be back."""
        pause = decisions.delay(later, snapshot.attempt, random.random())  # noqa: S311 (jitter, no secret)
        since = self._claim.moment().isoformat()
        waiting = {"kind": "connection", "ref": later.ref, "since": since, "reason": later.reason}
        data = {"attempt": snapshot.attempt, "seconds": round(pause, 3), "reason": later.reason}
        instruments.RETRIES.add(1, effect.function)
        self._progress.add("task.retried", effect.reference, effect.name, msgspec.json.encode(data).decode())
        await self._commit(
            "waiting",
            snapshot=state.encode(decisions.parked(snapshot)),
            attempt=snapshot.attempt + 1,
            delay=pause,
            waiting_for=msgspec.json.encode(waiting).decode(),
        )

    async def _end(self, definition: Definition, ended: Ended) -> None:
        error = msgspec.to_builtins(ended.error) if ended.error else None
        result: dict[str, Any] = {"error": error} if error else {"output": ended.output}
        claim = self._claim
        message = lifecycle.ended(
            claim.tenant_id, claim.run_id, definition.identity, ended.state, result, at=claim.moment()
        )
        after = values.encode({"error": error} if error else {}).decode()
        crash_points.pass_by("end.before")
        if await self._commit(
            ended.state,
            output=values.encode(ended.output).decode() if ended.state == "completed" else None,
            error=values.encode(error).decode() if error else None,
            audit=[Audit(ids.new(), f"run.{ended.state}", ids.show("run", claim.run_id), after)],
            messages=[message],
        ):
            crash_points.pass_by("end.committed")
            self._advance.told()
            self._tell_end(ended.state, ended.error)

    async def _unrunnable(self, fault: ErrorDetails, definition: Definition | None = None) -> None:
        """A pinned document or an input that cannot be run: the run ends with the cause, its worker goes on."""
        error = msgspec.to_builtins(fault)
        described = values.encode(error).decode()
        self._progress.add("workflow.faulted", data=described)
        target = ids.show("run", self._claim.run_id)
        claim, identity = self._claim, None if definition is None else definition.identity
        message = lifecycle.ended(
            claim.tenant_id, claim.run_id, identity, "faulted", {"error": error}, at=claim.moment()
        )
        audit = [Audit(ids.new(), "run.faulted", target, described)]
        if await self._commit("faulted", error=described, audit=audit, messages=[message]):
            self._advance.told()
            self._tell_end("faulted", fault)

    def _tell_end(self, run_state: str, error: ErrorDetails | None) -> None:
        instruments.RUNS_ENDED.add(1, run_state)
        seconds = max((self._claim.moment() - self._claim.created_at).total_seconds(), 0.0)
        instruments.RUN_DURATION.record(seconds, run_state)
        trace.current().note("state", run_state)
        if error is not None:
            trace.current().fail(kind_of(error))

    async def _commit(self, run_state: str, **columns: Any) -> bool:
        """Commit what was done; False when the run is somebody else's now."""
        self._answered = False
        return await self._progress.commit(run_state, **columns)
