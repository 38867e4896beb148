"""No test fails because the machine is busy: what it waits for has half a minute at least.

The machine that tests every change runs four groups of tests at once, and one that gives up too early refuses
everybody's work. Waiting long costs nothing where all goes well: who waits polls, or is woken.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.house.tree import python_files, relative, text

LEAST: Final = 30.0
LOOKS: Final = "tests/nightly/herd.py"
"""It kills at random moments, and waits for the better of them for a moment only."""
_CLOCKS: Final = frozenset({"monotonic", "perf_counter"})
_MARK: Final = 900.0
"""Seconds that every test has by `pyproject.toml`."""
_GIVE_UP: Final = frozenset({"run", "communicate", "urlopen", "HTTPConnection", "HTTPSConnection", "create_connection"})
"""What takes a `timeout` and raises when it is over. `asyncio.wait` returns: with it a test sees that nothing comes."""


def name_of(call: ast.expr) -> str:
    match call:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name
    return ""


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Names of the module, and what their value is written as."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
    return found


def seconds_of(node: ast.expr | None, known: dict[str, ast.expr]) -> float:
    """Infinite where it is not written in the file."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in known:
            return seconds_of(known[name], {})
    return float("inf")


def limits(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """Line and expression of whatever a test gives up after, or holds the time that something took against."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="timeout", value=ast.Name(id="asyncio")), args=[limit]):
                yield node.lineno, limit
            case ast.Call(func=ast.Attribute(attr="wait_for"), args=[_, limit]):
                yield node.lineno, limit
            case ast.Call(func=ast.Attribute(attr="wait"), args=[ast.Constant() | ast.Name() as limit]):
                yield node.lineno, limit
            case ast.BinOp(op=ast.Add(), left=ast.Call() as read, right=limit) if name_of(read) in _CLOCKS:
                yield node.lineno, limit
            case ast.Compare(ops=[ast.Lt() | ast.LtE()], left=ast.BinOp(left=ast.Call() as read), comparators=[limit]):
                if name_of(read) in _CLOCKS:
                    yield node.lineno, limit
            case ast.Call(args=[ast.Attribute(attr="wait"), limit]):
                yield node.lineno, limit
            case ast.Call() if name_of(node) in _GIVE_UP:
                yield from ((node.lineno, one.value) for one in node.keywords if one.arg == "timeout")


def marks(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="timeout", value=ast.Attribute(attr="mark")), args=[limit]):
                yield node.lineno, limit


def impatient(code: str) -> list[int]:
    tree = ast.parse(code)
    known = constants(tree)
    found = [line for line, limit in limits(tree) if seconds_of(limit, known) < LEAST]
    return sorted(found + [line for line, limit in marks(tree) if seconds_of(limit, known) < _MARK])


def test_no_test_gives_up_within_half_a_minute() -> None:
    found = [
        f"{relative(file)}:{line}"
        for file in python_files("tests")
        if relative(file) != LOOKS
        for line in impatient(text(file))
    ]
    assert found == [], "tests/patience.py has the seconds that a test waits"


@pytest.mark.parametrize(
    "code",
    [
        "async with asyncio.timeout(20): ...",
        "await asyncio.wait_for(told.wait(), 5)",
        "process.wait(10)",
        "SECONDS = 20.0\nuntil = time.monotonic() + SECONDS",
        "assert time.monotonic() - began < 15",
        "subprocess.run(command, timeout=20)",
        "await asyncio.to_thread(worker.wait, 20)",
        "pytestmark = pytest.mark.timeout(600)",
    ],
)
def test_it_finds_those_that_give_up_early(code: str) -> None:
    assert impatient(code) == [code.count("\n") + 1]


def test_it_lets_those_pass_that_wait_long_or_only_look() -> None:
    code = "asyncio.timeout(PATIENCE)\nprocess.wait(60)\nasyncio.wait([task], timeout=0.5)\nRequest(timeout=0.2)\n"
    assert impatient(code) == []
