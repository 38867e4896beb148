"""The rules that hold for a partner's clients until it sets its own: no write of money or liability is anybody's alone.

They are data with a version, which goes up when they change, and the changelog says so (ADR 0064).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from template_library.policies.capabilities import GUARDED
from template_library.policies.rules import Rule

VERSION: Final = 1
RULES: Final = (
    Rule(
        name="money-needs-approval",
        domains=GUARDED,
        undeclared=False,
        reason="Prices, credit, terms, payments, postings, bank details and compliance data change with an approval",
    ),
)


def left_open(rules: Iterable[Rule]) -> list[str]:
    """Domains that these rules guard and `rules` do not, in their order."""
    guarded = {domain for rule in rules for domain in rule.domains}
    return [domain for rule in RULES for domain in rule.domains if domain not in guarded]


def mistake(rules: Iterable[Rule], named: Collection[str]) -> str | None:
    """Why a partner's `rules` may not stand in their place: what they leave open has to be named, and nothing else."""
    found = left_open(rules)
    if set(found) == set(named):
        return None
    if not found:
        return "These rules leave none of the guarded domains open: leave this out"
    return f"These rules leave open what is guarded where nothing is set: guard {', '.join(found)}, or name each here"
