"""One of the runs in memory: moved as far as its own calls and the events that came for it lead."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.engine import decisions, subscriptions
from services.engine.faults import Fault, standard
from services.engine.flights import Flights
from services.engine.functions import Answer, Call, Cautious, Done, ErrorDetails, Failed, Function, Functions, Later
from services.engine.interpreter import Interpreter
from services.engine.lifecycle import Line
from services.engine.memory_clock import Clock
from services.engine.memory_rests import Rests
from services.engine.state import Ended, Snapshot, Start, Step
from services.engine.waits import Effect

TENANT: Final = UUID("00000000-0000-7000-8000-000000000001")
"""Tenant of every run in memory: of a private namespace, no row has it."""


class Surroundings(msgspec.Struct, frozen=True):
    """What all runs share.

    Attributes:
        patience: seconds for which a function that answers `Later` is asked again.
        hide: a JSON value without the secrets, for what a call with secrets brought back.
        left: is told the key of a call that the run went past while it was put off; with it, what is put off waits by
            `clock`, and `patience` is time of it.
    """

    functions: Functions
    clock: Clock
    patience: float
    secrets: Mapping[str, Any]
    hide: Callable[[Any], Any]
    left: Callable[[str], None] | None = None


class Letter(msgspec.Struct, frozen=True):
    """An event for a run.

    Attributes:
        depth: runs and events between it and an event from outside.
        is_given: from outside; it comes when a run listens, and is for whoever listens then.
        is_kept: it was listened for when it came; another one is gone when the clock has moved on.
    """

    event: dict[str, Any]
    depth: int
    is_given: bool
    is_kept: bool = True


class Beside(Protocol):
    """What a run sets going, each `depth` runs and events away from an event from outside."""

    def emit(self, event: dict[str, Any], depth: int) -> None: ...

    def start(self, one: Start, depth: int) -> None: ...


class MemoryRun:
    """Begins with its first step; `step` is all that it did so far, as one."""

    def __init__(
        self,
        interpreter: Interpreter,
        run: UUID,
        surroundings: Surroundings,
        beside: Beside,
        noted: Callable[[Line], None],
    ) -> None:
        self._interpreter = interpreter
        self._run = run
        self._around = surroundings
        self._beside = beside
        self._noted = noted
        self._seq = 0
        self._flights = Flights()
        self._letters: list[Letter] = []
        self._rests = Rests(surroundings.patience)
        self._settles: set[str] = set()
        self.step: Step

    async def end(self) -> None:
        await self._flights.end()

    @property
    def ended(self) -> Ended | None:
        return self.step.outcome if isinstance(self.step.outcome, Ended) else None

    @property
    def listens(self) -> bool:
        return self.ended is None and self.step.snapshot.listens()

    @property
    def due(self) -> int | None:
        if self.ended is not None:
            return None
        return min((one for one in (self.step.snapshot.due(), self._rests.due) if one is not None), default=None)

    def wake(self) -> None:
        """Anything has moved: what was put off may be called again."""
        self._rests.wake(self._around.clock.now())

    def begin(self, step: Step) -> None:
        """`step` is its first."""
        self.step = Step(snapshot=step.snapshot, entries=[], outcome=None)
        self._take(step)

    def post(self, letter: Letter) -> None:
        if self.ended is None:
            self._letters.append(replace(letter, is_kept=_is_awaited(self.step.snapshot, letter.event)))

    async def settle(self) -> bool:
        """Move until nothing but the clock or an event that has yet to come could; whether it moved at all."""
        has_moved = False
        while self.ended is None and (following := await self._next(self.step.snapshot)) is not None:
            self._take(following)
            has_moved = True
        return has_moved

    async def fire(self) -> None:
        """What the clock does."""
        self._letters = [one for one in self._letters if one.is_kept]
        snapshot, now = self.step.snapshot, self._around.clock.now()
        if (due := snapshot.due()) is not None and due <= now:
            self._take(await self._interpreter.fire(snapshot, now=now))

    def _take(self, step: Step) -> None:
        self._note(step)
        depth = step.snapshot.run.depth + 1
        self.step = decisions.joined(self.step, step)
        if depth <= decisions.DEEPEST:
            for event in step.emitted:
                self._beside.emit(event, depth)
            for start in step.starts:
                self._beside.start(start, depth)

    def _note(self, step: Step) -> None:
        at = dt.datetime.fromtimestamp(step.snapshot.now / 1000, dt.UTC)
        for one in step.entries:
            self._noted(Line(seq=self._seq, at=at, kind=one.kind, reference=one.reference, data=one.data))
            self._seq += 1

    async def _next(self, snapshot: Snapshot) -> Step | None:
        while True:
            letter = self._letter(snapshot)
            if letter is not None:
                return await self._deliver(snapshot, letter)
            await self._flights.keep(snapshot)
            self._forget(snapshot)
            self._launch(snapshot)
            if not self._flights:
                return None
            due, clock = snapshot.due(), self._around.clock
            # A call takes real time, whatever the clock of the run says.
            landed = await self._flights.landed(None if due is None else max(due - clock.now(), 0) / 1000)
            moving = [(strand, answer) for strand, answer in landed if not self._puts_off(snapshot, strand, answer)]
            if moving or (due is None and not landed):
                return await self._resumed(snapshot, moving)
            if not landed and due is not None:
                await clock.sleep(max(due - clock.now(), 0))
                return await self._interpreter.fire(snapshot, now=clock.now())

    def _launch(self, snapshot: Snapshot) -> None:
        for strand, calling in snapshot.calls():
            effect = calling.effect
            if strand.id not in self._flights and not self._rests.is_resting(strand.id, effect):
                self._flights.launch(strand.id, effect, self._answer(snapshot, strand.id, effect))

    def _forget(self, snapshot: Snapshot) -> None:
        gone = self._rests.gone(snapshot)
        if self._around.left is not None:
            for effect in gone:
                self._around.left(decisions.key_of(effect, TENANT, self._run))

    def _puts_off(self, snapshot: Snapshot, strand: int, answer: Answer) -> bool:
        if self._around.left is None or not decisions.waits(snapshot, strand):
            return False
        effect = decisions.calling(snapshot, strand).effect
        if isinstance(answer, Later):
            return self._rests.put(strand, effect, answer, self._around.clock.now())
        self._rests.answered(strand)
        return False

    def _letter(self, snapshot: Snapshot) -> Letter | None:
        if not snapshot.listens():
            return None
        for place, letter in enumerate(self._letters):
            if letter.is_given or _is_awaited(snapshot, letter.event):
                return self._letters.pop(place)
        return None

    async def _deliver(self, snapshot: Snapshot, letter: Letter) -> Step:
        deeper = replace(snapshot, run=replace(snapshot.run, depth=letter.depth))
        made = await self._interpreter.deliver(deeper, letter.event, now=self._around.clock.now())
        if any(entry.kind == "event.consumed" for entry in made.entries):
            return made
        return replace(made, snapshot=replace(made.snapshot, run=snapshot.run))

    async def _resumed(self, snapshot: Snapshot, landed: list[tuple[int, Answer]]) -> Step:
        step = Step(snapshot=snapshot, entries=[], outcome=None)
        for strand, answer in landed:
            if not isinstance(step.outcome, Ended) and decisions.waits(step.snapshot, strand):
                settled = decisions.final(answer)
                now = self._around.clock.now()
                resumed = await self._interpreter.resume(step.snapshot, settled, strand=strand, now=now)
                step = decisions.joined(step, resumed)
        return step

    async def _answer(self, snapshot: Snapshot, strand: int, effect: Effect) -> Answer:
        call = decisions.call_of(effect, tenant=TENANT, run=self._run)
        if (rest := self._rests.of(strand, effect)) is not None:
            age = (self._around.clock.now() - rest.first) / 1000
            call = replace(call, attempt=rest.attempt, age=age)
        if not effect.sealed:
            return await self._called(call)
        try:
            whole = await self._interpreter.sealed(snapshot, strand, self._around.secrets)
        except Fault as fault:
            return Failed(error=fault.error, sent=False)
        answer, hide = await self._called(replace(call, arguments=whole)), self._around.hide
        if isinstance(answer, Done):
            return replace(answer, output=hide(answer.output))
        return replace(answer, error=msgspec.convert(hide(msgspec.to_builtins(answer.error)), ErrorDetails))

    async def _called(self, call: Call) -> Answer:
        function = self._around.functions.get(call.function)
        if function is None:
            return Failed(error=standard("configuration", "Unknown function", f"`{call.function}` is not known here"))
        if self._around.left is not None:
            return await self._asked(function, call)
        deadline = time.monotonic() + self._around.patience
        ask: Callable[[Call], Awaitable[Answer]] = function
        while True:
            answer = await ask(call)
            if not isinstance(answer, Later):
                return answer
            seconds = decisions.delay(answer, call.attempt, random.random())  # noqa: S311 - jitter, no secret
            if time.monotonic() + seconds > deadline:
                return answer
            await asyncio.sleep(seconds)
            call = replace(call, attempt=call.attempt + 1, age=call.age + seconds)
            ask = function if answer.absent else await _asking(function, call, answer, ask)

    async def _asked(self, function: Function, call: Call) -> Answer:
        """Once; what is put off is called again by the clock."""
        ask: Callable[[Call], Awaitable[Answer]] = function
        if call.key in self._settles and isinstance(function, Cautious):
            ask = function.settle
        self._settles.discard(call.key)
        answer = await ask(call)
        if isinstance(answer, Later) and not answer.absent and await _asking(function, call, answer, ask) != function:
            self._settles.add(call.key)
        return answer


async def _asking(
    function: Function, call: Call, answer: Later, ask: Callable[[Call], Awaitable[Answer]]
) -> Callable[[Call], Awaitable[Answer]]:
    """What to ask next: what may have happened and may not be repeated is looked for."""
    if answer.uncertain and isinstance(function, Cautious) and ask == function:
        terms = await function.terms(call)
        return function.settle if terms is not None and terms.needs_row else ask
    return ask


def _is_awaited(snapshot: Snapshot, event: Mapping[str, Any]) -> bool:
    """Whether a row of the run's subscriptions would let the event through."""
    texts = subscriptions.texts(event)
    return any(
        one.type in {None, event.get("type")} and one.attributes.items() <= texts.items()
        for one in subscriptions.of(snapshot)
    )
