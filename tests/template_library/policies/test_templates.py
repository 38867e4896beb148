"""What the shipped rules say of the packages that write about money: they deploy as they are."""

from __future__ import annotations

from functools import partial

from services.connectors.capabilities.contracts import contracts
from template_library import catalog
from template_library.dsl import parse
from template_library.policies.approvals import states
from template_library.policies.capabilities import GUARDED, READS, Access
from template_library.policies.paths import violations
from template_library.policies.shipped import RULES
from template_library.policies.tasks import of_task


def broken(name: str) -> dict[str, tuple[str, ...]]:
    """Domains of the writes that no approval stands before, by the task's name."""
    workflow = parse(catalog.builtin().find(name).document)

    def access(_connection: str, operation: str) -> Access:
        contract = contracts()[operation]
        return READS if contract.reads else Access(writes=frozenset(contract.writes))

    found = violations({"": workflow}, lambda task: of_task(task, access), RULES)
    return {one.reference.rpartition("/")[2]: one.domains for one in found}


def test_row_94_every_package_keeps_the_rules_that_are_shipped() -> None:
    """What a person approves and what states a decision that the matrix is asked about; nothing else is guarded."""
    names = {one.manifest.name for one in catalog.builtin().packages()}
    assert {name: broken(name) for name in names} == {name: {} for name in names}


def test_row_94_what_goes_by_itself_asks_the_matrix() -> None:
    for name, writes in (("customer-onboarding", {"give-terms"}), ("invoice-dispute", {"credit", "collect"})):
        tasks = parse(catalog.builtin().find(name).document).tasks.values()
        assert {task.name for task in tasks if any(map(partial(states, task), GUARDED))} == writes
