"""The same snapshot and answer give the same step; storing a snapshot between two steps changes nothing."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.engine import state
from services.engine.expressions import trivial
from services.engine.functions import Done, ErrorDetails, Failed
from services.engine.interpreter import Interpreter
from services.engine.state import Entry, RunDescriptor, Step
from services.engine.waits import Effect
from template_library.dsl import parse

_RUN = RunDescriptor(id="run_1", tenant="t", environment="test", started_at=1)
_PATHS = st.sampled_from(
    [".", ".a", ".b", ".a.b", "$input", "$context", "{a: .a, b: 1}", "[.a]", ".a == 1", "$task.name"]
)
_MOST_EFFECTS = 30


class InProcess:
    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        del lane
        # What jq would refuse is null here: these tests ask whether runs repeat, not what expressions mean.
        results = [trivial.evaluate(program, value, variables) for program in programs]
        return [None if result is trivial.NOT_TRIVIAL else result for result in results]


@st.composite
def task_lists(draw: st.DrawFn, depth: int = 2) -> list[dict[str, Any]]:
    names = [f"t{index}" for index in range(draw(st.integers(1, 4)))]
    return [{name: draw(_tasks(names[position + 1 :], depth))} for position, name in enumerate(names)]


@st.composite
def _tasks(draw: st.DrawFn, later: list[str], depth: int) -> dict[str, Any]:
    directives = st.sampled_from(["continue", "continue", "exit", "end", *later])
    kinds = ["set", "set", "switch", "call", "local", "raise", *(["do"] if depth else [])]
    match draw(st.sampled_from(kinds)):
        case "set":
            task: dict[str, Any] = {"set": {"a": f"${{ {draw(_PATHS)} }}", "b": draw(st.integers(0, 2))}}
        case "switch":
            case = {"case": {"when": draw(_PATHS), "then": draw(directives)}}
            task = {"switch": [case, {"default": {"then": draw(directives)}}]}
        case "call":
            task = {"call": "f:1.0.0@default", "with": {"x": f"${{ {draw(_PATHS)} }}"}}
        case "local":
            task = {"call": "local", "with": {"a": f"${{ {draw(_PATHS)} }}"}}
        case "raise":
            error = {"type": "https://example.com/e", "status": 400}
            task = {"if": draw(_PATHS).replace("$input", "."), "raise": {"error": error}}
        case _:
            task = {"do": draw(task_lists(depth=depth - 1))}
    if draw(st.booleans()):
        task["export"] = {"as": f"{{n: {draw(_PATHS).replace('$task.name', '.')}}}"}
    if draw(st.booleans()):
        task["output"] = {"as": draw(_PATHS)}
    if draw(st.booleans()):
        task["then"] = draw(directives)
    return task


@st.composite
def documents(draw: st.DrawFn) -> str:
    document = {
        "document": {"dsl": "1.0.3", "namespace": "n", "name": "d", "version": "1.0.0"},
        "use": {"functions": {"local": {"do": [{"inner": {"call": "f:1.0.0@default"}}, {"last": {"set": {"a": 1}}}]}}},
        "do": draw(task_lists()),
    }
    return msgspec.json.encode(document).decode()


_ANSWERS = st.lists(
    st.one_of(
        st.builds(lambda value: Done(output=value), st.sampled_from([None, 1, {"a": {"b": 1}}, {"a": 1, "b": [2.5]}])),
        st.just(Failed(error=ErrorDetails(type="https://example.com/f", status=500))),
    ),
    min_size=_MOST_EFFECTS,
    max_size=_MOST_EFFECTS,
)


async def _drive(text: str, value: Any, answers: list[Done | Failed], *, stored: bool) -> tuple[list[Entry], Step]:
    interpreter = Interpreter(parse(text), InProcess())
    step = await interpreter.begin(value, _RUN)
    entries = list(step.entries)
    for number, answer in enumerate(answers):
        if not isinstance(step.outcome, Effect):
            break
        snapshot = step.snapshot
        if stored:
            before = state.encode(snapshot)
            snapshot = state.decode(before)
            assert state.encode(snapshot) == before
            # Another worker, and the same step again: nothing of the first may have leaked into the snapshot.
            again = await Interpreter(parse(text), InProcess()).resume(snapshot, answer, now=number)
            step = await interpreter.resume(snapshot, answer, now=number)
            assert again == step
            assert state.encode(snapshot) == before
        else:
            step = await interpreter.resume(snapshot, answer, now=number)
        entries += step.entries
    return entries, step


@settings(max_examples=150, deadline=None)
@given(text=documents(), value=st.sampled_from([None, {}, {"a": 1}, {"a": {"b": 2}, "b": 0.1}]), answers=_ANSWERS)
async def test_a_run_through_storage_equals_a_run_in_one_go(
    text: str, value: Any, answers: list[Done | Failed]
) -> None:
    straight = await _drive(text, value, answers, stored=False)
    assert await _drive(text, value, answers, stored=True) == straight
