"""Runs that stand still are put into another version of their workflow: they end as if they had not been moved.

Thousands of places are drawn from seeds; `SEED=<number> pytest <this file>` plays one alone.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from random import Random
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from services.engine import mapping, moving, state
from services.engine.functions import Done, ErrorDetails, Failed
from services.engine.interpreter import Interpreter
from services.engine.moving import Side
from services.engine.state import Ended, RunDescriptor, Snapshot, Step
from template_library.dsl import parse
from template_library.dsl.model import Workflow
from tests.services.engine.interpreter.seeded_documents import document, nested
from tests.services.engine.interpreter.test_seeds import InProcess as Seeded

_SEEDS: Final = range(120)
_ALONE: Final = os.environ.get("SEED")
_MOVES: Final = 40
_INNER: Final = "test/inner:1.0.0"
_NEVER: Final = {"if": ".never", "set": {"n": 1}}


def side(workflow: Workflow, **more: Any) -> Side:
    return Side(**{"programs": {"": workflow}, "bindings": {}, "parameters": {}, **more})


def edited(given: dict[str, Any], random: Random) -> dict[str, Any]:
    """The document with tasks in between that are always skipped, in lists at every depth."""
    made = copy.deepcopy(given)

    def walk(value: Any, *, is_list: bool) -> None:
        if isinstance(value, list):
            for one in value:
                walk(one, is_list=False)
            if is_list:
                for number in range(random.choice([0, 0, 1, 2])):
                    value.insert(random.randint(0, len(value)), {f"new{number}": _NEVER})
        elif isinstance(value, dict):
            for name, one in value.items():
                walk(one, is_list=name in {"do", "try"} and isinstance(one, list))

    walk(made["do"], is_list=True)
    return made


def without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: without(one, name) for key, one in value.items() if key != name}
    return [without(one, name) for one in value] if isinstance(value, list) else value


class Both:
    """A run in the old document, and the same run moved to the new one, driven alike."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 (dice that can be thrown again)
        text = without(document(self.random), "jitter")  # which is made of a task's place
        self.old, self.new = (
            parse(msgspec.json.encode(one).decode(), whole=True) for one in (text, edited(text, self.random))
        )
        inner = parse(msgspec.json.encode(nested()).decode(), whole=True)
        self.sides = [side(one, programs={"": one, _INNER: inner}) for one in (self.old, self.new)]
        self.interpreters = [Interpreter(one, Seeded(1), {_INNER: inner}) for one in (self.old, self.new)]
        self.pairs = mapping.suggest(self.old, self.new)
        self.now = 1_000

    async def play(self) -> int:
        """How often it was moved."""
        begun = RunDescriptor(id="run_1", tenant="t", started_at=self.now)
        steps = [await self.interpreters[0].begin({"a": 1, "b": self.random.randint(0, 1)}, begun)]
        moves = 0
        for _ in range(_MOVES):
            if isinstance(steps[0].outcome, Ended):
                break
            if len(steps) == 1 and self.random.random() < 0.4:
                steps.append(replace(steps[0], snapshot=self.moved(steps[0].snapshot), entries=[]))
                moves = 1
            drive = self.choice(steps[0].snapshot)
            steps = [await drive(it, one.snapshot) for it, one in zip(self.interpreters, steps, strict=False)]
            if len(steps) == 2:
                self.compare(*steps)
        return moves

    def moved(self, snapshot: Snapshot) -> Snapshot:
        stored = state.encode(snapshot)
        there = moving.move(snapshot, self.sides[0], self.sides[1], self.pairs)
        back = moving.move(there, self.sides[1], self.sides[0], {new: old for old, new in self.pairs.items()})
        assert state.encode(snapshot) == stored, "moving a run changed the snapshot that it had"
        assert state.encode(back) == stored, "a run that is moved back is another one"
        keys = [
            [(one.effect.key or one.effect.reference, one.effect.iteration) for _, one in s.calls()]
            for s in (snapshot, there)
        ]
        assert keys[0] == keys[1], "an open call has another key"
        return state.decode(state.encode(there))

    def choice(self, snapshot: Snapshot) -> Callable[[Interpreter, Snapshot], Any]:
        due, calls = snapshot.due(), list(snapshot.calls())
        way = self.random.choice(
            ["answer"] * len(calls) + ["time"] * (due is not None) + ["event"] * snapshot.listens()
        )
        if way == "answer":
            strand = self.random.choice(calls)[0].id
            error = ErrorDetails(type="https://example.com/f", status=self.random.choice([404, 503]))
            output = self.random.choice([None, 1, {"a": 1}, {"a": {"b": 2}, "b": [1]}])
            answer = Failed(error=error) if self.random.random() < 0.25 else Done(output=output)
            return lambda it, one: it.resume(one, answer, strand=strand, now=self.now)
        if way == "event":
            kind = self.random.choice("abc")
            event = {
                "id": str(self.random.random()),
                "source": "/s",
                "type": kind,
                "data": {"k": self.random.randint(0, 1)},
            }
            return lambda it, one: it.deliver(one, event, now=self.now)
        assert due is not None
        self.now = max(self.now, due)
        return lambda it, one: it.fire(one, now=self.now)

    def compare(self, old: Step, new: Step) -> None:
        """The same lines, effects and end, at the places that they have in the new document."""
        told = [self.line(one, self.pairs) for one in old.entries]
        assert [self.line(one, {}) for one in new.entries if not one.name.startswith("new")] == told
        effects = [
            [
                (strand.id, mapping.there(wait.effect.reference, pairs), wait.effect.arguments)
                for strand, wait in step.snapshot.calls()
            ]
            for step, pairs in ((old, self.pairs), (new, {}))
        ]
        assert effects[0] == effects[1]
        assert old.snapshot.due() == new.snapshot.due()
        assert isinstance(old.outcome, Ended) == isinstance(new.outcome, Ended)
        if isinstance(old.outcome, Ended) and isinstance(new.outcome, Ended):
            assert old.outcome.state == new.outcome.state
            assert self.at(old.outcome.output, self.pairs) == self.at(new.outcome.output, {})

    def line(self, one: state.Entry, pairs: dict[str, str]) -> Any:
        return one.kind, mapping.there(one.reference, pairs), one.name, self.at(one.data, pairs)

    def at(self, value: Any, pairs: dict[str, str]) -> Any:
        """Data with the pointers in it, and without the ids of emitted events, which their place is part of."""
        if isinstance(value, dict):
            return {
                name: self.at(one, pairs)
                for name, one in value.items()
                if not (name == "id" and "specversion" in value)
            }
        if isinstance(value, list):
            return [self.at(one, pairs) for one in value]
        return mapping.there(value, pairs) if isinstance(value, str) and value.startswith("/do/") else value


async def test_a_moved_run_ends_as_it_would_have_and_may_be_moved_back() -> None:
    moves = 0
    for seed in _SEEDS if _ALONE is None else [int(_ALONE)]:
        try:
            moves += await Both(seed).play()
        except Exception as error:
            error.add_note(f"SEED={seed}")
            raise
    assert moves > len(_SEEDS) / 4 or _ALONE is not None
