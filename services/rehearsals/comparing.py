"""What a scenario expected, held against what came of it."""

from __future__ import annotations

from typing import Any

import msgspec

from services.engine.memory import Report
from template_library import scenarios
from template_library.scenarios import Scenario

_LISTS = ("tasks", "holds", "emitted", "notices", "evidence")


def compare(scenario: Scenario, report: Report, second: Report | None, found: dict[str, Any]) -> list[str]:
    """The differences, a line each. `found`: `writes` by connection, and each of the lists that may be expected."""
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
    return wrong + scenarios.differences(expect.writes, found["writes"], "/writes")
