"""Documents drawn from a seed: every kind of task, nested, with directives, timeouts and transforms."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

_PATHS: Final = (
    ".",
    ".a",
    ".b",
    ".a.b",
    "{a: .a, b: 1}",
    "[.a]",
    ".a == 1",
    "[.a, .b] | length",
    "(.a | type) as $t | $t",
)
_DEPTH: Final = 3
_LEAVES: Final = ("set", "switch", "call", "call", "raise", "wait", "emit", "listen", "nested", "local")
_COMPOSITES: Final = ("do", "for", "fork", "try", "try")
CATCHES: Final = ("do", "retry", "both", "nothing")


def document(random: Random) -> dict[str, Any]:
    return {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "t", "version": "1.0.0"},
        "use": {
            "functions": {"local": {"do": [{"inner": _call()}, {"last": {"set": {"a": 1}}}]}},
            "extensions": _extensions(random),
        },
        **({"timeout": {"after": {"seconds": random.randint(5, 50)}}} if random.random() < 0.1 else {}),
        "do": _list(random, _DEPTH),
    }


def nested() -> dict[str, Any]:
    """The workflow that a `run` task runs."""
    return {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "inner", "version": "1.0.0"},
        "do": [{"both": {"fork": {"branches": [{"x": _call()}, {"y": {"wait": {"seconds": 1}}}]}}}],
    }


def _call() -> dict[str, Any]:
    return {"call": "f:1.0.0@default", "with": {"x": "${ .a }"}}


def _extensions(random: Random) -> list[dict[str, Any]]:
    if random.random() < 0.8:
        return []
    kinds = random.choice(["set", "call", "composite", "all"])
    mock = {"mock": {"set": {"a": "mocked"}, "if": random.choice([".a == 1", ".b == 1"]), "then": "exit"}}
    return [{"watch": {"extend": kinds, "before": [{"look": _call()}, mock], "after": [{"tell": {"set": {"z": 1}}}]}}]


def _list(random: Random, depth: int) -> list[dict[str, Any]]:
    names = [f"t{number}" for number in range(random.randint(1, 3))]
    return [{name: _task(random, depth, names[place + 1 :])} for place, name in enumerate(names)]


def _task(random: Random, depth: int, later: list[str]) -> dict[str, Any]:
    kind = random.choice(_COMPOSITES if depth and random.random() < 0.5 else _LEAVES)
    directives = ["continue", "continue", "exit", "end", *later]
    task = _MAKE[kind](random, depth, directives)
    if random.random() < 0.2:
        task["then"] = random.choice(directives)
    if random.random() < 0.2:
        task["output"] = {"as": random.choice(_PATHS)}
    if random.random() < 0.1:
        task["export"] = {"as": "{n: 1}"}
    if random.random() < 0.15:
        task["timeout"] = {"after": {"seconds": random.randint(1, 20)}}
    if random.random() < 0.1:
        task["if"] = random.choice([".a == 1", ".b"])
    return task


def _set(random: Random, _depth: int, _directives: list[str]) -> dict[str, Any]:
    return {"set": {"a": f"${{ {random.choice(_PATHS)} }}", "b": random.randint(0, 2)}}


def _switch(random: Random, _depth: int, directives: list[str]) -> dict[str, Any]:
    case = {"case": {"when": random.choice(_PATHS), "then": random.choice(directives)}}
    return {"switch": [case, {"default": {"then": random.choice(directives)}}]}


def _raise(random: Random, _depth: int, _directives: list[str]) -> dict[str, Any]:
    return {"raise": {"error": {"type": "https://example.com/e", "status": random.choice([400, 503])}}}


def _listen(random: Random, depth: int, _directives: list[str]) -> dict[str, Any]:
    correlation: dict[str, Any] = {"from": ".k"}
    if random.random() < 0.4:
        correlation["expect"] = random.choice(["0", "${ .b }"])
    one, two = {"with": {"type": "a"}}, {"with": {"type": "b"}, "correlate": {"k": correlation}}
    strategies: list[dict[str, Any]] = [
        {"one": one},
        {"all": [one, two]},
        {"any": [one, two]},
        {"any": [], "until": {"one": two}},
        {"any": [one], "until": ".[1] != null"},
        {"any": [one], "until": "${ false }"},
    ]
    task: dict[str, Any] = {"listen": {"to": random.choice(strategies)}}
    if random.random() < 0.5:
        task["foreach"] = {"do": _list(random, min(depth, 1))}
    return task


def _for(random: Random, depth: int, _directives: list[str]) -> dict[str, Any]:
    task = {"for": {"in": random.choice(["[1, 2]", "[]", "[.a, .b, 3]"])}, "do": _list(random, depth - 1)}
    return {**task, **({"while": random.choice([".b", "$index == 0"])} if random.random() < 0.3 else {})}


def _fork(random: Random, depth: int, _directives: list[str]) -> dict[str, Any]:
    branches = [{f"b{number}": _task(random, depth - 1, [])} for number in range(random.randint(1, 3))]
    return {"fork": {"branches": branches, "compete": random.random() < 0.4}}


def _retry(random: Random) -> dict[str, Any]:
    attempt: dict[str, Any] = {"count": random.randint(0, 2)}
    limit: dict[str, Any] = {"attempt": attempt}
    if random.random() < 0.3:
        attempt["duration"] = {"seconds": random.randint(1, 9)}
    if random.random() < 0.3:
        limit["duration"] = {"seconds": random.randint(1, 20)}
    backoff = random.choice(["constant", "linear", "exponential"])
    policy: dict[str, Any] = {"delay": {"seconds": random.randint(0, 3)}, "backoff": {backoff: {}}, "limit": limit}
    if random.random() < 0.4:
        policy["jitter"] = {"from": {"milliseconds": 0}, "to": {"milliseconds": random.randint(1, 900)}}
    return policy


def _try(random: Random, depth: int, _directives: list[str]) -> dict[str, Any]:
    catch: dict[str, Any] = {}
    kind = random.choice(CATCHES)
    if kind in {"do", "both"}:
        catch["do"] = _list(random, depth - 1)
    if kind in {"retry", "both"}:
        catch["retry"] = _retry(random)
    if random.random() < 0.3:
        catch["errors"] = {"with": {"status": 503}}
    for condition in ("when", "exceptWhen"):
        if random.random() < 0.15:
            catch[condition] = random.choice(["$error.status == 503", ".a == 1", "$error.title == null"])
    return {"try": _list(random, depth - 1), "catch": catch}


_MAKE: Final[dict[str, Callable[[Random, int, list[str]], dict[str, Any]]]] = {
    "set": _set,
    "switch": _switch,
    "raise": _raise,
    "listen": _listen,
    "for": _for,
    "fork": _fork,
    "try": _try,
    "do": lambda random, depth, _: {"do": _list(random, depth - 1)},
    "call": lambda _random, _depth, _directives: _call(),
    "local": lambda _random, _depth, _directives: {"call": "local", "with": {"a": "${ .a }"}},
    "wait": lambda random, _depth, _directives: {"wait": {"seconds": random.randint(0, 9)}},
    "emit": lambda _random, _depth, _directives: {
        "emit": {"event": {"with": {"source": "https://x.example", "type": "t", "data": "${ .a }"}}}
    },
    "nested": lambda random, _depth, _directives: {
        "run": {
            "workflow": {"namespace": "test", "name": "inner", "version": "1.0.0", "input": {"a": 1}},
            "await": random.random() < 0.8,
        }
    },
}
