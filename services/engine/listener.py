"""Brings a claimed run the events that came for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from infra import clock
from infra.database import Database, through_outage
from services.engine import decisions, inbox
from services.engine.claims import Claim
from services.engine.inbox import Letter
from services.engine.interpreter import Interpreter
from services.engine.progress import Progress
from services.engine.state import Ended, Snapshot, Step

LOOK_SECONDS: Final = 1.0
"""Between two looks into the inbox while calls are under way."""

Move = Callable[[Callable[[], Awaitable[Step]]], Awaitable[Step]]


class Listener:
    """One for each claim."""

    def __init__(self, database: Database, claim: Claim, progress: Progress) -> None:
        self._database = database
        self._claim = claim
        self._progress = progress
        self._next_look = 0.0

    async def catch_up(self) -> None:
        """After a commit that gave the run new subscriptions: find what came while they were on their way."""
        if not self._progress.is_newly_listening:
            return
        self._progress.is_newly_listening = False
        claim = self._claim
        await through_outage(
            lambda: inbox.catch_up(self._database, claim.tenant_id, claim.run_id, claim.claimed_at),
            "a search for events",
        )

    async def hear(self, interpreter: Interpreter, step: Step, move: Move) -> Step:
        """`step`, and what follows from the events that came; nothing sooner than a second after the last look.

        What is left when the run listens no more stays for when it does again.
        """
        if not _hears(step) or clock.monotonic() < self._next_look:
            return step
        self._next_look = clock.monotonic() + LOOK_SECONDS
        claim, known = self._claim, self._progress.read
        for letter in await through_outage(
            lambda: inbox.read(self._database, claim.tenant_id, claim.run_id, known), "reading events"
        ):
            step = await caught_up(interpreter, step, min(self._now(), letter.received_at), move)
            if not _hears(step):
                break
            self._progress.read.append(letter.event_id)
            step = await self._deliver(interpreter, step, letter, move)
        return step

    async def _deliver(self, interpreter: Interpreter, step: Step, letter: Letter, move: Move) -> Step:
        event = letter.event
        if event is None:
            return step
        before, now = step.snapshot, self._now()
        made = await move(lambda: interpreter.deliver(_at_depth(before, letter.depth), event, now=now))
        if not any(entry.kind == "event.consumed" for entry in made.entries):
            made = replace(made, snapshot=_at_depth(made.snapshot, before.run.depth))
        return decisions.joined(step, made)

    def _now(self) -> int:
        return int(self._claim.moment().timestamp() * 1000)


async def caught_up(interpreter: Interpreter, step: Step, moment: int, move: Move) -> Step:
    """What the clock did before an event came at `moment` is done before it is heard; what was due later is not."""
    due = step.snapshot.due()
    if not _hears(step) or due is None or due > moment:
        return step
    return decisions.joined(step, await move(lambda: interpreter.fire(step.snapshot, now=moment)))


def _hears(step: Step) -> bool:
    return not isinstance(step.outcome, Ended) and step.snapshot.listens()


def _at_depth(snapshot: Snapshot, depth: int) -> Snapshot:
    return snapshot if snapshot.run.depth == depth else replace(snapshot, run=replace(snapshot.run, depth=depth))
