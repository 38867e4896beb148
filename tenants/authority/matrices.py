"""A matrix as it is kept: one version of all rows, in force from a moment until another version is (ADR 0100)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec

from tenants.authority import needs
from tenants.authority.errors import BadFact
from tenants.authority.facts import Facts, names_of
from tenants.authority.needs import MATRIX, Barred, Need
from tenants.authority.rows import HeldRow


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """`version` counts from 1. `holds_from`: never before `set_at`, when `set_by` wrote it."""

    version: int
    rows: tuple[HeldRow, ...]
    holds_from: datetime
    set_by: str
    set_at: datetime

    def need(self, decision: str, facts: Facts, *, changed_by: Collection[str]) -> Need:
        """What a decision needs.

        `changed_by`: actors who have changed the matrix since it was asked for, by this version or by one between. None
        of them decides: nobody opens a way for themselves to what lies there, also when somebody else saved the matrix
        behind them.

        Raises:
            NoAuthority, BadFact: see `needs.need`.
        """
        found = needs.need(self.rows, decision, facts)
        people = frozenset[str]().union(*map(_people, changed_by))
        changers = tuple(Barred(one, MATRIX) for one in sorted(people))
        return msgspec.structs.replace(found, barred=(*found.barred, *changers))


def _people(actor: str) -> frozenset[str]:
    """An actor of the audit, where it is a person."""
    try:
        return names_of(actor, "")
    except BadFact:
        return frozenset()
