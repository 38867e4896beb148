"""Who may decide in a scenario: by the rows of its matrix, judged as the product judges them (ADR 0100)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from infra import ids
from infra.problems import Problem
from services.engine.memory import TENANT
from services.human_tasks.errors import NoAuthority
from tenants.authority import checking, facts, judging, needs
from tenants.authority.errors import NoMatrix
from tenants.authority.judging import Decider, Given, Person, Verdict
from tenants.authority.needs import Need
from tenants.authority.rows import HeldRow, Row

_NAME: Final = "whoever-looks-after-it"


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided. `need`: digest of what was needed then."""

    account: UUID
    by: str
    outcome: str
    answer: dict[str, Any]
    moment: int
    need: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided about.

    Attributes:
        role: that looks after it.
        facts: as the matrix reads them.
        earlier: who decided earlier steps of the same run.
    """

    decision: str
    role: str
    facts: dict[str, Any]
    earlier: Sequence[UUID] = ()


class Matrix:
    """Roles are known by their slugs alone."""

    def __init__(self, given: list[dict[str, Any]] | None) -> None:
        """None: each decision takes one person of the role that looks after it, who did not ask for it.

        Raises ValueError: the rows are no matrix.
        """
        self._rows: tuple[HeldRow, ...] | None = None
        if given is None:
            return
        try:
            rows = msgspec.convert(given, list[Row])
        except msgspec.ValidationError as error:
            raise ValueError(f"/authority: {error}") from None
        sites = {name for row in rows if row.site is not None for name in row.site.named}
        for one in checking.mistakes(rows, sites):
            raise ValueError(f"/authority{one.pointer}: {one.detail}")
        self._rows = tuple(HeldRow(row, row.approver_role, row.approver_role) for row in rows)

    def judge(
        self, case: Case, by: str, roles: frozenset[str], given: Sequence[tuple[str, str]]
    ) -> tuple[Verdict, Need]:
        """What is said of `by`, after those who decided the same: by whom, and the digest of what was needed.

        Raises NoAuthority: it is refused, by whichever rule.
        """
        try:
            if self._rows is not None and not self._rows:
                raise NoMatrix
            shown = [ids.show("acc", one) for one in case.earlier]
            need = needs.need(self._rows or _row(case), case.decision, facts.read({**case.facts, "earlier": shown}))
        except Problem as problem:
            raise NoAuthority(problem.detail) from None
        counting = [Given(names=_person(one, frozenset()).names, need=digest) for one, digest in given]
        verdict = judging.judge(need, Decider(person=_person(by, roles)), counting)
        if not verdict.may:
            raise NoAuthority(verdict.detail)
        return verdict, need


def account_of(by: str) -> UUID:
    """The account of somebody whom a scenario names, always the same."""
    return uuid5(TENANT, address_of(by))


def address_of(by: str) -> str:
    return by if "@" in by else f"{by}@example.com"


def _row(case: Case) -> tuple[HeldRow, ...]:
    """Where a scenario says nothing of its matrix: the least that one has by itself."""
    return (HeldRow(Row(name=_NAME, decision=case.decision, approver_role=case.role), case.role, case.role),)


def _person(by: str, roles: frozenset[str]) -> Person:
    return Person(account=ids.show("acc", account_of(by)), email=address_of(by), roles=roles)
