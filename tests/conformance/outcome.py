"""What came of a scenario, whichever way it ran, against what was expected."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tests.conformance import lifecycle
from tests.conformance.scenario import ERRORS, Scenario

_MILLISECOND: Final = 1
"""Moments are cut off to whole ones."""


class Outcome(msgspec.Struct, kw_only=True):
    """What is None a way cannot tell, or nobody asked.

    Attributes:
        waited: milliseconds that the run's own clock moved.
        lasted: milliseconds from the first line of the journal to its last.
        runs: how many its schedule began.
        started: runs beside it: `workflow` (its name), `status`, `output`.
    """

    status: str
    output: Any = None
    error: dict[str, Any] | None = None
    ran: list[str] = []
    calls: list[dict[str, Any]] = []
    emitted: list[dict[str, Any]] | None = None
    waited: int | None = None
    lasted: int | None = None
    started: list[dict[str, Any]] | None = None
    runs: int | None = None
    lifecycle: list[dict[str, Any]] = []


def differences(scenario: Scenario, found: Outcome, double: str) -> list[str]:
    """What is not as expected, a line each."""
    expect = scenario.expect
    words = []
    if found.status != expect.status:
        words.append(f"status {found.status}, expected {expect.status}; error {found.error}; output {found.output}")
    output = expect.output if expect.output is msgspec.UNSET else scenario.placed(expect.output, double)
    if expect.output is not msgspec.UNSET and found.output != output:
        words.append(f"output {found.output}, expected {output}")
    words += _unlike("error", _typed(expect.error), found.error or {})
    if expect.ran is not None and found.ran != expect.ran:
        words.append(f"ran {found.ran}, expected {expect.ran}")
    if expect.waited is not None and found.waited not in {None, expect.waited}:
        words.append(f"waited {found.waited} ms, expected {expect.waited}")
    if expect.waited is not None and found.lasted is not None and found.lasted < expect.waited - _MILLISECOND:
        words.append(f"lasted {found.lasted} ms, expected no less than {expect.waited}: a timer was early")
    if expect.runs is not None and found.runs not in {None, expect.runs}:
        words.append(f"{found.runs} runs began, expected {expect.runs}")
    words += _unlike_list("call", expect.calls, found.calls)
    if not scenario.text:
        words += lifecycle.broken(found.lifecycle, found.status, scenario.id)
    words += lifecycle.unlike(expect.lifecycle, found.lifecycle)
    if found.emitted is not None:
        words += _unlike_list("event", *_in_order(scenario.placed(expect.emitted, double), found.emitted, scenario))
    if found.started is not None:
        words += _unlike_list("run", scenario.placed(expect.started, double), found.started)
    return words


def _in_order(expected: Any, found: list[dict[str, Any]], scenario: Scenario) -> tuple[Any, list[dict[str, Any]]]:
    """As they are, but by their types where several runs emit side by side."""
    if expected is None or scenario.expect.started is None:
        return expected, found
    return sorted(expected, key=_type), sorted(found, key=_type)


def _type(event: dict[str, Any]) -> str:
    return str(event["type"])


def _typed(error: dict[str, Any]) -> dict[str, Any]:
    if ":" in error.get("type", ":"):
        return error
    return {**error, "type": ERRORS + error["type"]}


def _unlike_list(noun: str, expected: list[dict[str, Any]] | None, found: list[dict[str, Any]]) -> list[str]:
    if expected is None:
        return []
    if len(expected) != len(found):
        return [f"{len(found)} {noun}s, expected {len(expected)}: {found}"]
    return [
        words
        for number, (one, other) in enumerate(zip(expected, found, strict=True))
        for words in _unlike(f"{noun} {number}", one, other)
    ]


def _unlike(noun: str, expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    words = []
    for name, value in expected.items():
        other = found.get(name)
        if name == "headers" and isinstance(value, dict):
            words += _unlike(f"{noun} headers", value, other or {})
        elif name == "detail" and isinstance(value, str):
            if value not in str(other):
                words.append(f"{noun}: `{name}` {other!r} lacks {value!r}")
        elif other != value:
            words.append(f"{noun}: `{name}` is {other!r}, expected {value!r}")
    return words
