"""Rules as data: each names domains, and no write of them may happen without an approval before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from template_library.policies.capabilities import DOMAINS, UNDECLARED, Writes

MOST: Final = 50
"""Rules of one owner."""
LONGEST: Final = 500


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No write of `domains` without an approval before it.

    Attributes:
        undeclared: the same of writes of which nobody says what they are about.
        reason: for whoever is refused.
    """

    name: str
    domains: tuple[str, ...]
    undeclared: bool = True
    reason: str = ""

    @property
    def guards(self) -> Writes:
        """All that needs an approval by it."""
        return frozenset((*self.domains, UNDECLARED) if self.undeclared else self.domains)

    def guarded(self, writes: Writes) -> Writes:
        """Those of `writes` that need an approval."""
        return writes & self.guards


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with rules; `pointer` into their list."""

    pointer: str
    detail: str


def mistakes(rules: Sequence[Rule]) -> list[Mistake]:
    """Everything that is wrong, in one go."""
    found = [] if len(rules) <= MOST else [Mistake("", f"Keep at most {MOST} rules at one level")]
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        if rule.name in seen:
            found.append(Mistake(f"/{place}/name", f"Two rules are named `{rule.name}`"))
        seen.add(rule.name)
        if not rule.domains and not rule.undeclared:
            found.append(Mistake(f"/{place}/domains", "Name at least one domain, or guard undeclared writes"))
        found += [
            Mistake(f"/{place}/domains/{at}", f"There is no domain `{domain[:40]}`")
            for at, domain in enumerate(rule.domains)
            if domain not in DOMAINS
        ]
    return found


def broken_by(rules: Iterable[Rule], writes: Writes) -> tuple[list[str], list[str]]:
    """Names of the rules that ask for an approval of a write, and the domains that they ask it for."""
    asked = [(rule.name, rule.guarded(writes)) for rule in rules]
    names = [name for name, domains in asked if domains]
    return names, sorted({domain for _, domains in asked for domain in domains})
