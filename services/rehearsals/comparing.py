"""What a scenario expected, held against what came of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.engine.memory import Report
from template_library import scenarios
from template_library.scenarios import Scenario

_ASKED: Final = frozenset({"requests", "duplicates_refused"})
_LISTS = ("tasks", "holds", "emitted", "notices", "evidence", "entities")


def compare(scenario: Scenario, report: Report, second: Report | None, found: dict[str, Any]) -> list[str]:
    """The differences, a line each.

    `found`: `writes` by connection, what each counted `before`, and each of the lists that may be expected.
    """
    expect = scenario.expect
    error = msgspec.to_builtins(report.error)
    wrong = scenarios.differences(expect.status, report.status, "/status")
    if wrong and error is not None:
        wrong.append(f"the error was {msgspec.json.encode(error).decode()}")
    if expect.output is not msgspec.UNSET:
        wrong += scenarios.differences(expect.output, report.output, "/output")
    if expect.error is not msgspec.UNSET:
        wrong += scenarios.differences(expect.error, error, "/error")
    if expect.second:
        told = None if second is None else {"status": second.status, "output": second.output}
        wrong += scenarios.differences(expect.second, told, "/second")
    for name in _LISTS:
        if (wanted := getattr(expect, name)) is not msgspec.UNSET:
            wrong += scenarios.differences(wanted, found[name], f"/{name}")
    if expect.writes is msgspec.UNSET:
        return wrong
    if not expect.writes:
        return wrong + _written(found["before"], found["writes"])
    return wrong + scenarios.differences(expect.writes, found["writes"], "/writes")


def _written(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Whatever is not exactly as it was, a line each, by connection."""
    return [
        f"/writes/{connection}/{name} is {msgspec.json.encode(now.get(name)).decode()}: something was written"
        for connection, counts in after.items()
        for was, now in ((_kept(before[connection]), _kept(counts)),)
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]


def _kept(counts: dict[str, Any]) -> dict[str, Any]:
    """Without what a system counts that was only asked, or that it refused."""
    return {name: value for name, value in counts.items() if name not in _ASKED}
