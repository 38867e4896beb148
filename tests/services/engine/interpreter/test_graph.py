"""The picture of a workflow against its runs: each run is a path along the picture's edges."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.engine import activation
from services.engine.expressions import trivial
from services.engine.functions import Done
from services.engine.interpreter import Interpreter
from services.engine.state import Entry, RunDescriptor
from services.engine.waits import Effect
from template_library.dsl import parse
from template_library.dsl.graph import END, START, Graph, graph

RUN = RunDescriptor(id="run_1", tenant="t")
DOCUMENT = {"dsl": "1.0.3", "namespace": "test", "name": "t", "version": "1.0.0"}
FUNCTIONS = ("f0", "f1", "f2")


class InProcess:
    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        assert lane == "t"
        return [trivial.evaluate(program, value, variables) for program in programs]


@st.composite
def task_lists(draw: st.DrawFn, depth: int, functions: tuple[str, ...]) -> list[dict[str, Any]]:
    names = [f"t{n}" for n in range(draw(st.integers(1, 4)))]
    return [{name: draw(tasks(names, depth, functions))} for name in names]


@st.composite
def tasks(draw: st.DrawFn, names: list[str], depth: int, functions: tuple[str, ...]) -> dict[str, Any]:
    directives = st.sampled_from(["continue", "continue", "exit", "end", *names])
    kinds = ["set", "set", "switch", "raise", "effect"] + ["do"] * (depth > 0) + ["local"] * bool(functions)
    kind = draw(st.sampled_from(kinds))
    task: dict[str, Any]
    if kind == "do":
        task = {"do": draw(task_lists(depth - 1, functions))}
    elif kind == "switch":
        count = draw(st.integers(1, 3))
        conditions = [draw(st.sampled_from([".yes", ".no"])) for _ in range(count)]
        cases = [{f"c{n}": {"when": when, "then": draw(directives)}} for n, when in enumerate(conditions)]
        task = {"switch": cases + ([{"other": {"then": draw(directives)}}] if draw(st.booleans()) else [])}
    elif kind == "raise":
        task = {"raise": {"error": {"type": "https://e.example/e", "status": 400}}}
    elif kind == "effect":
        task = {"call": "connector:1.0.0@default", "with": {"operation": "a.b"}}
    elif kind == "local":
        task = {"call": draw(st.sampled_from(functions)), "with": {"yes": True, "no": False}}
    else:
        task = {"set": {"yes": draw(st.booleans()), "no": False}}
    if draw(st.integers(0, 3)) == 0:
        task["if"] = draw(st.sampled_from([".yes", ".no"]))
    if draw(st.booleans()):
        task["then"] = draw(directives)
    return task


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Every kind of task, nested; functions that call those behind them, whose body may be any task."""
    bodies = {name: draw(tasks([], 1, FUNCTIONS[place + 1 :])) for place, name in enumerate(FUNCTIONS)}
    return {"document": DOCUMENT, "use": {"functions": bodies}, "do": draw(task_lists(2, FUNCTIONS))}


async def lines(document: dict[str, Any]) -> tuple[Graph, list[Entry]]:
    """The picture and the journal of one run; every call is answered."""
    workflow = parse(msgspec.json.encode(document).decode())
    interpreter = Interpreter(workflow, InProcess())
    step = await interpreter.begin({"yes": True, "no": False}, RUN)
    entries = list(step.entries)
    while isinstance(step.outcome, Effect):
        step = await interpreter.resume(step.snapshot, Done(output={"yes": True, "no": False}), now=1)
        entries += step.entries
    return graph(workflow), entries


async def test_each_run_is_a_path_along_the_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    # Directives may lead in circles; 60 tasks are enough to see that the lines are followed.
    monkeypatch.setattr(activation, "TRANSITIONS", 60)
    drawn: list[dict[str, Any]] = []

    @settings(max_examples=400, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents())
    def collect(one: dict[str, Any]) -> None:
        drawn.append(one)

    collect()
    walked = 0
    for document in drawn:
        picture, entries = await lines(document)
        known = {node.reference for node in picture.nodes}
        ways = {(edge.source, edge.target) for edge in picture.edges}
        assert picture.is_whole
        assert len(known) == len(picture.nodes)
        assert {one.reference for one in entries if one.reference} <= known
        entered = [one.reference for one in entries if one.kind in {"task.started", "task.skipped"}]
        path = [START, *entered]
        if entries[-1].kind == "workflow.completed":
            path.append(END)
        taken = list(pairwise(path))
        assert set(taken) <= ways, document
        walked += len(taken)
    assert walked > 1_000
