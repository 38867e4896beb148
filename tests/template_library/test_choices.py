"""Each decision, named exception, timeout, outage and duplicate of a package is in a scenario of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from services.rehearsals.naming import members, written_out
from template_library import catalog, human_tasks, scenarios
from template_library.catalog import Package
from template_library.dsl import parse
from template_library.dsl.model import FunctionCallTask
from template_library.scenarios import Scenario

PACKAGES: Final = [one for one in catalog.builtin().packages() if one.manifest.category is not None]
EACH: Final = pytest.mark.parametrize("package", PACKAGES, ids=lambda one: str(one.reference))
SIGNS: Final[Mapping[str, Mapping[str, Any]]] = {
    "account-not-confirmed": {"connections": {"erp": {"next": ["none", "none", "none", "cut-after-accept"]}}},
    "below-margin": {"holds": {"type": "margin"}},
    "ghost-stock": {"emitted": {"type": "inventory.drift_detected"}},
    "kit-incomplete": {"tasks": {"shown": {"blocked": [{"why": "the kit would be incomplete"}]}}},
    "over-credit": {"holds": {"type": "credit"}},
    "partial-validity": {"output": {"partial": True}},
    "regulated-item": {"holds": {"type": "compliance"}},
    "repeat-offender": {"tasks": {"shown": {"repeats": True}}},
    "substitute-not-allowed": {"tasks": {"shown": {"blocked": [{"why": "the customer takes no substitutes"}]}}},
}
"""By what a scenario shows an exception that is neither a task of its name nor a connection that is away."""
ELSEWHERE: Final = {("proof-of-delivery", "hold-kept"): "test_proof_of_delivery.py"}
"""What takes two runs at one moment, which a scenario cannot have: the test beside this file that has them."""


def asked(package: Package) -> dict[str, set[str]]:
    """By kind of task: the outcomes that people choose from."""
    found: dict[str, set[str]] = {}
    for task in parse(package.document).tasks.values():
        if not isinstance(task, FunctionCallTask) or not human_tasks.FAMILY.fullmatch(task.function):
            continue
        given = members(task.arguments)
        kind, outcomes = written_out(given["task"]), written_out(given["outcomes"])
        assert isinstance(kind, str)
        assert isinstance(outcomes, list), f"{kind}: what people choose from is to be written out"
        assert all(isinstance(one, str) for one in outcomes), f"{kind}: {outcomes}"
        found.setdefault(kind, set()).update(outcomes)
    return found


def chosen(listed: list[Scenario]) -> Iterator[tuple[str, str]]:
    """What somebody chose; a scenario fails when a reply of it was not asked for."""
    for scenario in listed:
        for kind, replies in scenario.people.items():
            yield from ((kind, one.outcome) for one in replies if not one.nobody and one.refused is None)


def run_out(listed: list[Scenario]) -> set[str]:
    """Kinds of tasks that nobody decided in time: decided by the clock, expired, or told to somebody else."""
    tasks = [one for scenario in listed for one in listed_in(scenario, "tasks")]
    return {str(one.get("task")) for one in tasks if one.get("by") == "deadline" or one.get("told")}


def listed_in(scenario: Scenario, what: str) -> list[Any]:
    found = getattr(scenario.expect, what)
    return found if isinstance(found, list) else [found] if isinstance(found, dict) else []


def shows(scenario: Scenario, name: str) -> bool:
    """Whether it is about that exception."""
    if name in scenario.people or any(one.get("task") == name for one in listed_in(scenario, "tasks")):
        return True
    if any(name == f"{one}-away" and double.faults for one, double in scenario.connections.items()):
        return True
    ((what, sign),) = SIGNS.get(name, {"": {}}).items()
    if what == "connections":
        faults = {one: double.faults for one, double in scenario.connections.items()}
        return scenarios.differences(sign, faults) == []
    return bool(what) and any(scenarios.differences(sign, one) == [] for one in listed_in(scenario, what))


def is_elsewhere(package: Package, name: str) -> bool:
    file = ELSEWHERE.get((package.manifest.name, name))
    return file is not None and name in (Path(__file__).parent / file).read_text()


@EACH
def test_every_decision_is_chosen_by_somebody_in_a_scenario(package: Package) -> None:
    wanted = {(kind, one) for kind, outcomes in asked(package).items() for one in outcomes}
    assert wanted, "a package that asks nobody has no category"
    proven = {(kind, one) for kind, one in wanted if is_elsewhere(package, kind)}
    assert sorted(wanted - set(chosen(scenarios.read(package.folder)))) == sorted(proven)


@EACH
def test_every_named_exception_is_in_a_scenario(package: Package) -> None:
    listed = scenarios.read(package.folder)
    missing = [name for name in package.manifest.exceptions if not any(shows(one, name) for one in listed)]
    assert [name for name in missing if not is_elsewhere(package, name)] == []


@EACH
def test_a_timeout_an_outage_and_a_duplicate_are_in_scenarios(package: Package) -> None:
    listed = scenarios.read(package.folder)
    assert run_out(listed), "nothing runs out of time"
    assert any(double.faults for one in listed for double in one.connections.values()), "no system is away"
    assert any(one.twice for one in listed), "nothing comes twice"


def test_an_account_that_is_not_confirmed_stands_at_a_step_of_that_name() -> None:
    """What is at the call is of the kind that a step around it is called."""
    package = catalog.builtin().find("customer-onboarding")
    (opens,) = [one for one in parse(package.document).tasks if one.endswith("/open-account")]
    assert "account-not-confirmed" in opens.split("/")
    assert "account-not-confirmed" in package.manifest.exceptions
