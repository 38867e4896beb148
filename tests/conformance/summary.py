"""The table of constructs: how many scenarios hold, both ways or one way alone, and what is pending."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import pytest

from tests.conformance.full_stack import gate
from tests.conformance.scenario import Scenario, load

ALL: Final = load()
PENDING: Final = [one for one in ALL if one.pending]
REFUSED: Final = [one for one in ALL if one.expect.refused is not None and not one.pending]
_RUN: Final = [one for one in ALL if one.expect.refused is None and not one.pending]
MEMORY: Final = [one for one in _RUN if not one.operated]
STACK: Final = [one for one in _RUN if not one.memory and not gate(one)]
_FULL: Final = "test_through_the_full_stack"


def _is_of_the_product(one: Scenario) -> bool:
    """What holds in memory may not hold there: others bring its events, its clock, its secrets or its programs."""
    apart = one.events or one.clock or one.operated or one.secrets or one.runner or one.begins_by_events
    told = one.expect.emitted is not None or one.expect.started is not None
    return bool(apart or told) or one not in MEMORY


_FIRST: Final = {one.construct: one.id for one in reversed(STACK)}
DAY: Final = frozenset(one.id for one in STACK if _is_of_the_product(one) or _FIRST[one.construct] == one.id)
"""Those of `STACK` that each run takes through the product: of what is as in memory one scenario of each construct."""


def through_the_stack(item: pytest.Item) -> Scenario | None:
    """The scenario that `item` takes through the product, None where it is another test."""
    if not isinstance(item, pytest.Function) or item.originalname != _FULL:
        return None
    scenario: Scenario = item.callspec.params["scenario"]  # type: ignore[assignment]
    return scenario


def lines(reporter: Any) -> list[str]:
    """Nothing, where no scenario ran."""
    passed = {name for report in reporter.stats.get("passed", []) if (name := _name(report.nodeid))}
    if not passed:
        return []
    rows: dict[str, list[Scenario]] = defaultdict(list)
    for one in ALL:
        rows[one.construct].append(one)
    told = [
        "",
        f"{'construct':<28}{'scenarios':>9}{'both ways':>11}{'memory':>8}{'product':>9}{'refused':>9}{'pending':>9}",
    ]
    for construct, scenarios in sorted(rows.items()):
        full = {one.id for one in scenarios if (_FULL, one.id) in passed}
        memory = {one.id for one in scenarios if ("test_in_memory", one.id) in passed}
        ways = f"{len(full & memory):>11}{len(memory - full):>8}{len(full - memory):>9}"
        refused = sum(("test_is_refused", one.id) in passed for one in scenarios)
        pending = sum(bool(one.pending) for one in scenarios)
        told.append(f"{construct:<28}{len(scenarios):>9}{ways}{refused:>9}{pending:>9}")
    held = {name[1] for report in reporter.stats.get("xpassed", []) if (name := _name(report.nodeid))}
    for one in PENDING:
        mark = "holds now" if one.id in held else "pending"
        told.append(f"{mark:<10} {one.construct}: {one.name}: {one.pending}")
    return told


def _name(nodeid: str) -> tuple[str, str] | None:
    path, _, name = nodeid.rpartition("::")
    if not path.endswith("conformance/test_features.py") or "[" not in name:
        return None
    test, _, identity = name.partition("[")
    return test, identity.rstrip("]")
