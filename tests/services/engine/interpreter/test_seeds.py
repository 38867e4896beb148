"""Thousands of runs drawn from seeds, moved by a virtual clock, answers, errors and events in any order.

A failure names its seed; `SEED=<number> pytest <this file>` plays it alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from typing import Any, Final
from uuid import UUID
from zlib import crc32

import msgspec
import pytest

from services.engine import decisions, state
from services.engine.expressions import trivial
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import Evaluator, ExpressionFailed
from services.engine.functions import Done, ErrorDetails, Failed, Later
from services.engine.interpreter import Interpreter
from services.engine.lifecycle import PREFIX, Event, Line, Rendering, Subject
from services.engine.state import Ended, Entry, RunDescriptor, Snapshot, Step
from template_library.dsl import parse
from tests.marks import night
from tests.services.engine.interpreter.seeded_documents import document, nested

BATCHES: Final = 20
_DAILY: Final = 8
_EACH: Final = 100
_ALONE: Final = os.environ.get("SEED")
_MOST_MOVES: Final = 60
_TRULY: Final = 25
"""One seed in so many has its expressions evaluated by jq."""
_LOST: Final = 0.05
_ENDS: Final = {"task.completed", "task.faulted", "task.cancelled"}
_OVER: Final = ("completed", "faulted", "cancelled")
_STAGES: Final = {
    "created": ("", "created"),
    "started": ("created", "started"),
    "retried": ("started", "started"),
    **dict.fromkeys(_OVER, ("started", "")),
}
"""What a task must be when this is told of it, and what it is then."""
_TENANT: Final = UUID(int=1)
_RUN: Final = UUID(int=2)
_INNER: Final = {"test/inner:1.0.0": parse(msgspec.json.encode(nested()).decode(), whole=True)}


class InProcess:
    """`seed` decides which programs fail: some in each fourth run, the same ones in every repetition."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        del lane
        for index, program in enumerate(programs):
            if self.seed % 4 == 0 and crc32(f"{self.seed}|{program}".encode()) % 8 == 0:
                raise ExpressionFailed("expression_failed", "as the seed has it", index)
        # What jq would refuse is null here: these tests ask what runs do, not what expressions mean.
        results = [trivial.evaluate(program, value, variables) for program in programs]
        return [None if result is trivial.NOT_TRIVIAL else result for result in results]


class Play:
    """One run. Every move is made twice from storage, and must come to the same."""

    def __init__(self, seed: int, jq: Evaluator) -> None:
        self.seed = seed
        self.evaluator = jq if seed % _TRULY == 1 else InProcess(seed)
        self.random = Random(seed)  # noqa: S311 (dice that can be thrown again)
        self.text = msgspec.json.encode(document(self.random)).decode()
        self.now = 1_000
        self.entries: list[Entry] = []
        self.effects: Counter[tuple[str, int]] = Counter()
        self.open: set[tuple[int, str, int]] = set()

    def interpreter(self) -> Interpreter:
        return Interpreter(parse(self.text, whole=True), self.evaluator, _INNER)

    async def play(self) -> None:
        descriptor = RunDescriptor(id="run_1", tenant="t", started_at=self.now)
        step = await self.interpreter().begin({"a": 1, "b": self.random.randint(0, 1)}, descriptor)
        self.take(step)
        for _ in range(_MOST_MOVES):
            if isinstance(step.outcome, Ended):
                break
            made = await self.move(self.launched(step.snapshot))
            if self.random.random() < _LOST:
                continue  # its commit was lost with its worker: the next one begins where the last commit was
            step = made
            self.take(step)
        self.check(step)
        if isinstance(step.outcome, Ended):
            await self.check_retry(step)

    async def check_retry(self, step: Step) -> None:
        """Tried again, a faulted run does no effect that it has had the answer to, and stands still or has ended."""
        stood = step.stood
        if stood is None:
            assert not isinstance(step.outcome, Ended) or step.outcome.state == "completed" or not self.effects
            return
        assert stood.failed is not None
        made = await self.twice(state.encode(stood), lambda it, one: it.retry(one, now=self.now + 60_000))
        again = {(wait.effect.reference, wait.effect.iteration) for _, wait in made.snapshot.calls()}
        before = {(wait.effect.reference, wait.effect.iteration) for _, wait in stood.calls()}
        assert not again & (self.effects.keys() - before), "an effect that was answered is asked for again"
        assert all(strand.wait is not None for strand in made.snapshot.strands)
        assert made.snapshot.failed is None
        if isinstance(made.outcome, Ended):
            assert (made.stood is None) == (made.outcome.state == "completed")

    def launched(self, snapshot: Snapshot) -> Snapshot:
        """Calls that were put off are made again when their time has come."""
        return decisions.undue(
            snapshot, {one.id for one, wait in snapshot.calls() if wait.due is not None and wait.due <= self.now}
        )

    async def move(self, snapshot: Snapshot) -> Step:
        due, calls = snapshot.due(), list(snapshot.calls())
        ways = ["answer"] * len(calls) + ["time"] * (due is not None) + ["event"] * snapshot.listens()
        assert ways, "nothing can ever move this run"
        way, stored = self.random.choice(ways), state.encode(snapshot)
        if way == "answer":
            strand = self.random.choice(calls)[0].id
            error = ErrorDetails(type="https://example.com/f", status=self.random.choice([404, 503]))
            output = self.random.choice([None, 1, {"a": 1}, {"a": {"b": 2}, "b": [1]}])
            if self.random.random() < 0.15:
                later = Later(reason="busy", ref="host", error=error)
                due = self.now + self.random.choice([0, 500, 30_000])
                put_off = decisions.put_off(snapshot, strand, later, due)
                return Step(snapshot=put_off, entries=[], outcome=put_off.effect)
            answer = Failed(error=error) if self.random.random() < 0.25 else Done(output=output)
            return await self.twice(stored, lambda it, one: it.resume(one, answer, strand=strand, now=self.now))
        if way == "event":
            kind = self.random.choice("abc")
            event = {
                "id": str(len(self.entries)),
                "source": "/s",
                "type": kind,
                "data": {"k": self.random.randint(0, 1)},
            }
            return await self.twice(stored, lambda it, one: it.deliver(one, event, now=self.now))
        assert due is not None
        if due - 1 > self.now:
            early = await self.interpreter().fire(state.decode(stored), now=due - 1)
            assert early.entries == [], "something moved before its time"
        self.now = max(self.now, due + self.random.choice([0, 0, 1, 5_000]))
        return await self.twice(stored, lambda it, one: it.fire(one, now=self.now))

    async def twice(self, stored: bytes, move: Any) -> Step:
        snapshot = state.decode(stored)
        step: Step = await move(self.interpreter(), snapshot)
        assert state.encode(snapshot) == stored, "a step changed the snapshot that it began with"
        assert await move(self.interpreter(), state.decode(stored)) == step, "the same step came to something else"
        return step

    def take(self, step: Step) -> None:
        self.entries += step.entries
        now_open = {(strand.id, wait.effect.reference, wait.effect.iteration) for strand, wait in step.snapshot.calls()}
        for _, reference, iteration in now_open - self.open:
            self.effects[reference, iteration] += 1
        self.open = now_open
        parents = {strand.parent for strand in step.snapshot.strands if strand.parent is not None}
        assert parents <= {strand.id for strand in step.snapshot.strands}, "a branch without its fork"
        assert {strand.scope for strand in step.snapshot.strands} == set(step.snapshot.scopes)

    def check(self, step: Step) -> None:
        begun = Counter((one.reference, one.iteration) for one in self.entries if one.kind == "task.started")
        ended = Counter((one.reference, one.iteration) for one in self.entries if one.kind in _ENDS)
        assert begun.keys() >= ended.keys(), "a task ended that had not begun"
        assert set(begun.values()) <= {1}, "a task began twice"
        assert set(ended.values()) <= {1}, "a task ended twice"
        assert set(self.effects.values()) <= {1}, "two effects have one key"
        self.check_lifecycle(step)
        if isinstance(step.outcome, Ended):
            assert begun == ended, "a task was left open"
            assert self.entries[-1].kind == f"workflow.{step.outcome.state}"
            assert not step.snapshot.strands
            assert step.snapshot.due() is None

    def check_lifecycle(self, step: Step) -> None:
        """What is told of the run is one story, whether it is told at once or from somewhere in the middle."""
        events = told(self.entries)
        types = [event["type"].removeprefix(PREFIX).removesuffix(".v1") for event in events]
        assert len({event["id"] for event in events}) == len(events), "two events have one id"
        assert types[0] == "workflow.started"
        assert types.count("workflow.started") == 1
        stages: dict[str, str] = {}
        for kind, event in zip(types, events, strict=True):
            noun, _, verb = kind.partition(".")
            if noun == "task":
                task, (before, after) = event["data"]["task"], _STAGES[verb]
                assert stages.get(task, "") == before, f"{task} was {stages.get(task)!r} when it was {verb}"
                stages[task] = after
        ends = [kind for kind in types if kind.startswith("workflow.") and kind.removeprefix("workflow.") in _OVER]
        assert ends == ([f"workflow.{step.outcome.state}"] if isinstance(step.outcome, Ended) else [])
        if isinstance(step.outcome, Ended):
            assert types[-1] == ends[0]
            assert not any(stages.values()), "a task that was told of has no end"
        begun, heard = types.count("workflow.correlation-started"), types.count("workflow.correlation-completed")
        assert heard <= begun
        # Cut short by a person at any line, every task that was started ends all the same.
        cut = self.random.randint(1, len(self.entries))
        short = told([*self.entries[:cut], Entry(kind="workflow.cancelled")])
        started = Counter(one["data"]["task"] for one in short if one["type"] == f"{PREFIX}task.started.v1")
        over = Counter(
            one["data"]["task"] for one in short if one["type"] in {f"{PREFIX}task.{verb}.v1" for verb in _OVER}
        )
        assert started == over, "a task outlived its run"


def told(entries: list[Entry]) -> list[Event]:
    rendering = Rendering(Subject(tenant=_TENANT, run=_RUN, definition={"namespace": "n", "name": "w", "version": "1"}))
    at = datetime(2026, 1, 5, tzinfo=UTC)
    lines = [
        Line(seq=seq, at=at, kind=one.kind, reference=one.reference, data=one.data) for seq, one in enumerate(entries)
    ]
    return [event for line in lines for event in rendering.events(line)]


async def _play(seed: int, jq: Evaluator) -> None:
    try:
        await Play(seed, jq).play()
    except Exception as error:
        error.add_note(f"SEED={seed}")
        raise


@pytest.fixture(scope="module")
async def jq() -> AsyncIterator[Evaluator]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)


@pytest.mark.parametrize("batch", [0] if _ALONE else [*range(_DAILY), *map(night, range(_DAILY, BATCHES))])
async def test_runs_of_a_batch_of_seeds_keep_every_rule(batch: int, jq: Evaluator) -> None:
    for seed in [int(_ALONE)] if _ALONE else range(batch * _EACH, (batch + 1) * _EACH):
        await _play(seed, jq)
