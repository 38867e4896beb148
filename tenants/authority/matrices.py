"""A matrix as it is kept: one version of all rows, in force from a moment until another version is (ADR 0100)."""

from __future__ import annotations

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

    def need(self, decision: str, facts: Facts, *, asked_at: datetime) -> Need:
        """What a decision needs that was asked for at `asked_at`.

        Whoever changed the matrix after that does not decide: nobody opens a way for themselves to what lies there.

        Raises:
            NoAuthority, BadFact: see `needs.need`.
        """
        found = needs.need(self.rows, decision, facts)
        if asked_at >= self.holds_from:
            return found
        setter = tuple(Barred(one, MATRIX) for one in sorted(_people(self.set_by)))
        return msgspec.structs.replace(found, barred=(*found.barred, *setter))


def _people(actor: str) -> frozenset[str]:
    """An actor of the audit, where it is a person."""
    try:
        return names_of(actor, "")
    except BadFact:
        return frozenset()
