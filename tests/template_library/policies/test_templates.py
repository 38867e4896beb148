"""What the shipped rules say of the templates that write about money: which of them take a partner's own rules."""

from __future__ import annotations

from services.connectors.capabilities.contracts import contracts
from template_library import catalog
from template_library.dsl import parse
from template_library.policies.capabilities import READS, Access
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


def test_what_was_delivered_is_charged_without_rules_of_a_partners_own() -> None:
    assert broken("proof-of-delivery") == {}


def test_credit_notes_take_rules_that_leave_postings_open() -> None:
    assert broken("invoice-dispute") == {"credit": ("posting",), "collect": ("posting",)}
