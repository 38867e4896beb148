"""Tasks ask the matrix of authority: what one states, who decides it, and what was decided of it before (ADR 0100)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import ids
from infra.problems import Problem
from services.api import judged_people
from services.human_tasks import judging
from services.human_tasks.judging import Question, Verdict
from tenants.authority import facts, repository
from tenants.authority.errors import NoMatrix
from tenants.authority.judging import Decider, Given, judge
from tenants.identity import standing
from tenants.identity.standing import Standing


async def matrix_judge(connection: Any, asked: Question, /) -> Verdict:
    """Fills `services.human_tasks.judging.Judge`: by the matrix in force, of the accounts as they are now.

    What the matrix cannot judge is refused with its reason; nobody is let through for want of a row or a fact.
    """
    matrix = await repository.load(connection, asked.tenant)
    people = await standing.of(connection, asked.tenant, _everybody(asked))
    try:
        if matrix is None:
            raise NoMatrix
        earlier = [ids.show("acc", one) for one in asked.earlier]
        known = facts.read({**await judged_people.with_makers(connection, asked.facts), "earlier": earlier})
        changers = await judged_people.changers(connection, asked.tenant, matrix, asked.asked_at)
        need = matrix.need(asked.decision, known, changed_by=changers)
    except Problem as problem:
        return Verdict(is_allowed=False, why=problem.detail)
    # What somebody decided for something else than is needed now counts no more, and keeps them from nothing.
    void = frozenset(place for place, one in enumerate(asked.given) if _digest(one.rule) != need.digest)
    counting = [one for one in asked.alike() if _digest(one.rule) == need.digest]
    verdict = judge(need, _decider(asked, people), [_given(one, people) for one in counting])
    if not verdict.may:
        return Verdict(is_allowed=False, why=verdict.detail, void=void)
    rule = {"matrix": matrix.version, "row": need.rule, "need": need.digest}
    return Verdict(is_allowed=True, approvals=1 + len(counting) + verdict.missing, rule=rule, void=void)


def _everybody(asked: Question) -> set[UUID]:
    of = ((asked.decider.account, asked.decider.behalf), *((one.account, one.behalf) for one in asked.given))
    return {account for pair in of for account in pair if account is not None}


def _decider(asked: Question, people: dict[UUID, Standing]) -> Decider:
    behalf = asked.decider.behalf
    other = None if behalf is None else judged_people.person_of(behalf, people)
    return Decider(person=judged_people.person_of(asked.decider.account, people), stands_in_for=other)


def _given(one: judging.Given, people: dict[UUID, Standing]) -> Given:
    return Given(names=judged_people.names_of((one.account, one.behalf), people), need=_digest(one.rule))


def _digest(rule: Any) -> str:
    """Of what was needed when it was given; empty where nobody knows, which is what nothing needs."""
    return str(rule.get("need", "")) if isinstance(rule, dict) else ""
