"""Moves one claimed run as far as it goes: pure tasks, a call, a commit, and on.

The first call after a claim needs no commit before it: nothing but pure tasks happened, and they happen again after a
crash (ADR 0009). It gets one while it lasts when it takes long, to be seen. From then on every answer is committed
before the next call is made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from infra.database import Database, through_outage
from infra.telemetry import trace
from services.engine import decisions, filing, state, waiting
from services.engine.calls import Calls, Planned
from services.engine.claims import Claim, Claims
from services.engine.definitions import Definition, Definitions
from services.engine.ending import Ending
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.faults import standard
from services.engine.flights import Flights
from services.engine.functions import Answer, Functions, Unknown
from services.engine.journal import Journal
from services.engine.ledger import Ledger
from services.engine.listener import Listener, Move
from services.engine.opening import begin, refused
from services.engine.patience import now, patience, seconds_to
from services.engine.payloads import PayloadUnreadable
from services.engine.progress import Progress
from services.engine.secrets import NoSecrets, Secrets
from services.engine.state import Ended, Snapshot, Step, Strand
from services.engine.values import ValueRefused
from services.engine.waits import Calling
from template_library.dsl import DocumentError
from tenants.deployments.errors import UnknownRevision

_log: Final = logging.getLogger(__name__)
_UNAVAILABLE_SECONDS: Final = 1.0
_REST_MILLISECONDS: Final = 100


class Advance:
    """The activation of claimed runs; one for the process."""

    def __init__(  # noqa: PLR0913 (wiring, done once)
        self,
        database: Database,
        definitions: Definitions,
        functions: Functions,
        journal: Journal,
        claims: Claims,
        *,
        leave_after_commit: Callable[[], bool],
        told: Callable[[], None],
        secrets: Secrets | None = None,
    ) -> None:
        """`leave_after_commit`: hand the run back at its next commit; `told`: a commit left something for the relay."""
        self.database = database
        self.definitions = definitions
        self.functions = functions
        self.journal = journal
        self.claims = claims
        self.leave_after_commit = leave_after_commit
        self.told = told
        self.secrets = secrets or NoSecrets()

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
        self._progress = Progress(claim, advance.journal, advance.told)
        self._ending = Ending(claim, self._progress)
        self._ledger = Ledger(claim, self._progress)
        self._listener = Listener(advance.database, claim, self._progress)
        self._answered = False

    async def run(self) -> None:
        try:
            definition = await self._definition()
        except (UnknownRevision, DocumentError) as error:
            fault = standard("configuration", "The pinned workflow cannot be run", str(error))
            await self._ending.unrunnable(fault, await self._identity())
            return
        try:
            step = await self._first(definition)
        except (PayloadUnreadable, ValueRefused) as error:
            await self._ending.unrunnable(refused(error), definition.identity)
            return
        except ExpressionsUnavailable:
            # Nothing happened and nothing is wrong with the run; another worker may have what this one lacks (F-38).
            _log.exception("no expressions on this machine")
            await asyncio.sleep(_UNAVAILABLE_SECONDS)
            await self._hand_back()
            return
        await self._go_on(
            definition, step, Calls(self._advance.functions, self._advance.secrets, self._claim, definition)
        )

    async def _go_on(self, definition: Definition, step: Step, calls: Calls) -> None:
        flights = Flights()
        try:
            while not isinstance(step.outcome, Ended):
                self._progress.take(step)
                await flights.keep(step.snapshot)
                snapshot = await self._launch(calls, step.snapshot, flights)
                if snapshot is None:
                    return
                if not flights:
                    await self._wait(snapshot)
                    return
                with self._progress.showing(snapshot):
                    answers = await flights.landed(patience(self._claim, snapshot, is_asked=self._progress.is_asked))
                if not await self._progress.held():
                    return
                await self._listener.catch_up()
                step = await self._steps(definition, snapshot, answers)
        finally:
            await flights.end()
        self._progress.take(step)
        await self._ending.end(definition, step.outcome, step.stood, self._ledger.failing)

    async def _launch(self, calls: Calls, snapshot: Snapshot, flights: Flights) -> Snapshot | None:
        """Make the calls that may be made now; None when the run is not ours any more, or is handed back.

        What must be known before a call is committed first: the answers so far, and that a call that may not be
        repeated is sent.
        """
        moment = self._now()
        ready = [
            (strand, calling)
            for strand, calling in snapshot.calls()
            if not (strand.id in flights or self._progress.is_asked or calling.asked is not None)
            and (calling.due is None or calling.due <= moment)
        ]
        resting = {strand.id for strand, calling in ready if calling.goes_on}
        others = bool(resting) and await through_outage(self._advance.claims.in_line, "a look at the line")
        if others:
            return await self._launch(calls, decisions.rested(snapshot, resting, moment + _REST_MILLISECONDS), flights)
        if (self._progress.is_asked and not flights) or (self._answered and self._advance.leave_after_commit()):
            if flights:
                return snapshot
            await self._leave(snapshot)
            return None
        if not ready:
            committed = not (self._answered and flights) or await self._commit_running(snapshot, flights)
            return snapshot if committed else None
        return await self._begin(calls, snapshot, ready, flights)

    async def _begin(
        self, calls: Calls, snapshot: Snapshot, ready: list[tuple[Strand, Calling]], flights: Flights
    ) -> Snapshot | None:
        made = [await calls.plan(strand.id, calling, self._now()) for strand, calling in ready]
        noted, sent = self._ledger.before(snapshot, made)
        if noted is not snapshot:
            if not await self._commit_sent(noted, sent, snapshot, flights):
                return snapshot if flights else None
            snapshot = noted
        elif self._answered:
            if not await self._commit_running(snapshot, flights):
                return None
            if self._progress.is_asked:
                return snapshot
        for one in made:
            flights.launch(one.strand, one.calling.effect, calls.make(snapshot, one))
        return decisions.undue(snapshot, {one.strand for one in made})

    async def _steps(self, definition: Definition, snapshot: Snapshot, answers: list[tuple[int, Answer]]) -> Step:
        """What follows from `answers` and from the clock, as one step."""
        made = Step(snapshot=snapshot, entries=[], outcome=snapshot.effect)
        for strand, answer in answers:
            if isinstance(made.outcome, Ended) or not decisions.waits(made.snapshot, strand):
                # An answer beside it has ended the run, or this branch of it.
                made = self._ledger.late(made, strand, decisions.calling(snapshot, strand), answer)
                continue
            made = decisions.joined(made, await self._step(definition, made.snapshot, strand, answer))
        made = await self._fire(definition, await self._hear(definition, made, self._move), self._move)
        self._ledger.left(snapshot, made, {strand for strand, _ in answers})
        return made

    async def _hear(self, definition: Definition, made: Step, move: Move) -> Step:
        made = await self._listener.hear(definition.interpreter, made, move)
        # What an event led to is committed before the next call, as what an answer led to.
        self._answered = self._answered or bool(self._progress.read)
        return made

    async def _fire(self, definition: Definition, made: Step, move: Move) -> Step:
        due = made.snapshot.due()
        if isinstance(made.outcome, Ended) or due is None or due > self._now():
            return made
        fired = await move(lambda: definition.interpreter.fire(made.snapshot, now=self._now()))
        return decisions.joined(made, fired)

    async def _step(self, definition: Definition, snapshot: Snapshot, strand: int, answer: Answer) -> Step:
        calling = decisions.calling(snapshot, strand)
        settled = self._ledger.answered(snapshot, strand, answer)
        if isinstance(settled, Step):
            self._answered = self._answered or isinstance(answer, Unknown)
            return settled
        if settled.via:
            self._progress.rerouted(calling.effect, settled.via)
        if usage := decisions.usage(calling.effect, settled):
            self._progress.meter(usage)
        self._answered, moment = True, self._now()
        step = await self._move(lambda: definition.interpreter.resume(snapshot, settled, strand=strand, now=moment))
        return self._ledger.kept(step, strand, calling, settled)

    async def _move(self, step: Callable[[], Awaitable[Step]]) -> Step:
        while True:
            try:
                return await step()
            except ExpressionsUnavailable:
                # What has happened is known and nobody else has it: it is kept in hand, or a call would be made again.
                _log.exception("no expressions on this machine")
            await asyncio.sleep(_UNAVAILABLE_SECONDS)

    async def _wait(self, snapshot: Snapshot) -> None:
        """Let the run wait for the clock or for an event, holding no worker."""
        await self._commit(
            "waiting",
            snapshot,
            delay=seconds_to(self._claim, snapshot.due()),
            waiting_for=msgspec.json.encode(waiting.reason(snapshot, self._claim.moment())).decode(),
        )

    def _now(self) -> int:
        return now(self._claim)

    async def _definition(self) -> Definition:
        return await through_outage(lambda: self._advance.definitions.get(*self._claim.pinned), "a run's definition")

    async def _identity(self) -> dict[str, str]:
        return await through_outage(lambda: self._advance.definitions.identity(*self._claim.pinned), "a run's name")

    async def _first(self, definition: Definition) -> Step:
        """The step that the claim stands at: the beginning, what is tried again, or the open effect of its snapshot."""
        claim = await self._progress.opened(self._advance.database)
        snapshot = None if claim.snapshot is None else state.decode(claim.snapshot)
        if snapshot is None or snapshot.failed is not None:
            if snapshot is None:
                await filing.file_late(self._advance.database, definition, claim)
            return await begin(claim, definition, snapshot)
        snapshot = decisions.unparked(snapshot)
        self._progress.stands_at(snapshot)
        step = Step(snapshot=snapshot, entries=[], outcome=snapshot.effect)
        made = await self._fire(definition, await self._hear(definition, step, _at_once), _at_once)
        self._ledger.left(snapshot, made, set())
        return made

    async def _leave(self, snapshot: Snapshot) -> None:
        """Commit and hand the run back."""
        if await self._commit_running(snapshot):
            await self._hand_back()

    async def _hand_back(self) -> None:
        await through_outage(lambda: self._advance.claims.release([self._claim]), "handing a run back")

    async def _commit_running(self, snapshot: Snapshot, flights: Flights | None = None) -> bool:
        return await self._commit("running", snapshot, if_asked="tell" if flights else "stop")

    async def _commit_sent(self, sent: Snapshot, made: list[Planned], unsent: Snapshot, flights: Flights) -> bool:
        self._answered = False
        may = await self._progress.commit_sent(sent, made, unsent, "tell" if flights else "stop")
        await self._listener.catch_up()
        if not (may or flights):
            await self._hand_back()  # changes nothing unless the wish for which it was refused is gone again
        return may

    async def _commit(self, run_state: str, snapshot: Snapshot, **columns: Any) -> bool:
        """Commit what was done; False when the run is somebody else's now."""
        self._answered = False
        is_ours = await self._progress.commit(run_state, snapshot=snapshot, **columns)
        if is_ours:
            await self._listener.catch_up()
        return is_ours


async def _at_once(step: Callable[[], Awaitable[Step]]) -> Step:
    """Before anything has happened the run may as well be somebody else's."""
    return await step()
