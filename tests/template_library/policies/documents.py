"""Random documents of tasks that write, ask for an approval, or lead elsewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

HEAD = {"dsl": "1.0.3", "namespace": "tests", "name": "random", "version": "1.0.0"}
WRITE: dict[str, Any] = {
    "call": "connector:1.0.0@default",
    "with": {"connection": "erp", "operation": "prices.set", "input": {}},
}
APPROVE = {"listen": {"to": {"one": {"with": {"type": "approval.decided"}}}}}
_REVIEW = {"task": "review", "title": "Review", "role": "pricing-desk", "outcomes": ["ok", "no"], "refusals": ["no"]}
REVIEW: dict[str, Any] = {"call": "human-task:1.0.0@default", "with": {**_REVIEW, "decision": "price.release"}}
OTHER = {"call": "human-task:1.0.0@default", "with": {**_REVIEW, "decision": "order.expedite"}}
"""Of a decision that is about something else than a price."""
PLAIN = {"set": {"a": 1}}
RAISE = {"raise": {"error": {"type": "https://example.com/errors/x", "status": 400, "title": "x"}}}
WHEN = "${ .open }"
PLAIN_KINDS: dict[str, dict[str, Any]] = {
    "write": WRITE, "approve": APPROVE, "review": REVIEW, "other": OTHER, "plain": PLAIN, "raise": RAISE,
    "call": {"call": "shared"},
}  # fmt: skip


@st.composite
def tasks(draw: st.DrawFn, siblings: tuple[str, ...], depth: int, *, functions: bool) -> dict[str, Any]:
    """One task; `siblings` are the names that it may lead to."""
    kinds = ["write", "write", "approve", "review", "other", "plain", "raise", "switch"] + (
        ["call"] if functions else []
    )
    if depth > 0:
        kinds += ["do", "for", "try", "fork", "fork"]
    kind = draw(st.sampled_from(kinds))
    directives = st.sampled_from(["continue", "continue", "exit", "end", *siblings])
    task: dict[str, Any] = {**PLAIN_KINDS.get(kind, {})}
    if kind == "switch":
        task["switch"] = draw(cases(directives))
    elif not task:
        task = draw(enclosing(kind, depth - 1, functions=functions))
    if draw(st.integers(0, 4)) == 0:
        task["if"] = WHEN
    if draw(st.integers(0, 3)) == 0:
        task["then"] = draw(directives)
    return task


@st.composite
def cases(draw: st.DrawFn, directives: st.SearchStrategy[str]) -> list[dict[str, Any]]:
    ways = draw(st.lists(directives, min_size=1, max_size=2))
    found: list[dict[str, Any]] = [{f"c{place}": {"when": WHEN, "then": then}} for place, then in enumerate(ways)]
    return [*found, {"other": {"then": draw(directives)}}] if draw(st.booleans()) else found


@st.composite
def enclosing(draw: st.DrawFn, kind: str, depth: int, *, functions: bool) -> dict[str, Any]:
    if kind == "fork":
        count = draw(st.integers(1, 2))
        branches = [{f"b{n}": draw(tasks((), depth, functions=functions))} for n in range(count)]
        return {"fork": {"branches": branches, "compete": draw(st.booleans())}}
    inner = draw(lists(depth, functions=functions))
    if kind == "try":
        caught = {"do": draw(lists(depth, functions=functions))} if draw(st.booleans()) else {}
        return {"try": inner, "catch": caught}
    return {"do": inner} if kind == "do" else {"for": {"each": "x", "in": "${ .items }"}, "do": inner}


@st.composite
def lists(draw: st.DrawFn, depth: int, *, functions: bool) -> list[dict[str, Any]]:
    names = tuple(f"t{place}" for place in range(draw(st.integers(1, 3))))
    return [{name: draw(tasks(names, depth, functions=functions))} for name in names]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    shared = draw(tasks((), 1, functions=False))
    return {
        "document": HEAD,
        "use": {"functions": {"shared": shared}},
        "do": draw(lists(2, functions=True)),
    }
