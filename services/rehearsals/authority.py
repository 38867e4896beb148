"""Who may decide in a scenario: by the rows of its matrix, judged as the product judges them (ADR 0100)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec

from infra import ids
from infra.problems import Problem
from services.engine.memory import TENANT
from services.human_tasks.errors import NoAuthority
from template_library.human_tasks import Asked
from tenants.authority import checking, facts, needs
from tenants.authority.judging import Decider, Given, Person, judge
from tenants.authority.rows import HeldRow, Row


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided. `need`: digest of what was needed then."""

    account: UUID
    by: str
    outcome: str
    answer: dict[str, Any]
    moment: int
    need: str


class Ruling(msgspec.Struct, frozen=True):
    """They may; `approvals`: by so many people."""

    approvals: int = 1
    need: str = ""


class Matrix:
    """Without rows every decision takes one person of the task's role. Roles are known by their slugs alone."""

    def __init__(self, given: list[dict[str, Any]] | None) -> None:
        """Raises ValueError: the rows are no matrix."""
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
        self, asked: Asked, by: str, roles: frozenset[str], same: Sequence[Decided], earlier: Sequence[UUID]
    ) -> Ruling:
        """Whether `by` may decide so, after those who decided the `same`. Raises NoAuthority."""
        if asked.decision is None or self._rows is None:
            return Ruling()
        try:
            shown = [ids.show("acc", one) for one in earlier]
            need = needs.need(self._rows, asked.decision, facts.read({**asked.facts, "earlier": shown}))
        except Problem as problem:
            raise NoAuthority(problem.detail) from None
        given = [Given(names=_person(one.account, one.by, frozenset()).names, need=one.need) for one in same]
        verdict = judge(need, Decider(person=_person(account_of(by), by, roles)), given)
        if not verdict.may:
            raise NoAuthority(verdict.detail)
        return Ruling(1 + len(same) + verdict.missing, need.digest)


def account_of(by: str) -> UUID:
    """The account of somebody whom a scenario names, always the same."""
    return uuid5(TENANT, address_of(by))


def address_of(by: str) -> str:
    return by if "@" in by else f"{by}@example.com"


def _person(account: UUID, by: str, roles: frozenset[str]) -> Person:
    return Person(account=ids.show("acc", account), email=address_of(by), roles=roles)
