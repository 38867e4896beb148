"""Tasks ask the matrix of authority: what one states, who decides it, and what was decided of it before (ADR 0100)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from infra import ids
from infra.problems import Problem
from services.human_tasks.judging import Question, Verdict
from tenants.authority import facts, repository
from tenants.authority.errors import BadFact, NoMatrix
from tenants.authority.judging import Decider, Given, Person, judge
from tenants.identity import standing
from tenants.identity.standing import Standing

_KEY: Final = "key:"


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
        known = facts.read({**await _with_makers(connection, asked.facts), "earlier": earlier})
        need = matrix.need(asked.decision, known, asked_at=asked.asked_at)
    except Problem as problem:
        return Verdict(is_allowed=False, why=problem.detail)
    verdict = judge(need, _decider(asked, people), _given(asked, people))
    if not verdict.may:
        return Verdict(is_allowed=False, why=verdict.detail)
    # The task counts all who decided alike, also where their approval was for something else than is needed now.
    alike = 1 + len(asked.alike())
    rule = {"matrix": matrix.version, "row": need.rule, "need": need.digest}
    return Verdict(is_allowed=True, approvals=alike + verdict.missing, rule=rule)


async def _with_makers(connection: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Whoever made a key stands behind what it asked for: nobody asks by a key of their own and then approves.

    Raises:
        BadFact: nobody can tell who that is.
    """
    found = dict(given)
    for name in ("requester", "last_editor"):
        named = found.get(name)
        if isinstance(named, str | list):
            people = [named] if isinstance(named, str) else named
            found[name] = [await _maker(connection, name, one) for one in people]
    return found


async def _maker(connection: Any, name: str, one: Any) -> Any:
    if not (isinstance(one, str) and one.startswith(_KEY)):
        return one
    try:
        made_by = await standing.maker(connection, ids.read("key", one.removeprefix(_KEY)))
    except ids.MalformedId:
        made_by = None
    if made_by is None or made_by.startswith(_KEY):
        raise BadFact(f"/facts/{name}", "Nobody here can tell who made this key: name who asked by account")
    return made_by if made_by.startswith(("account:", "acting:")) else one


def _everybody(asked: Question) -> set[UUID]:
    of = ((asked.decider.account, asked.decider.behalf), *((one.account, one.behalf) for one in asked.given))
    return {account for pair in of for account in pair if account is not None}


def _decider(asked: Question, people: dict[UUID, Standing]) -> Decider:
    behalf = asked.decider.behalf
    other = None if behalf is None else _person(behalf, people)
    return Decider(person=_person(asked.decider.account, people), stands_in_for=other)


def _person(account: UUID, people: dict[UUID, Standing]) -> Person:
    """Whoever may not sign in holds nothing."""
    found = people.get(account)
    if found is None:
        return Person(account=ids.show("acc", account), email=f"{account}@nobody.invalid", roles=frozenset())
    roles = frozenset(ids.show("rol", one) for one in found.roles)
    return Person(account=ids.show("acc", account), email=found.email, roles=roles)


def _given(asked: Question, people: dict[UUID, Standing]) -> list[Given]:
    """Decisions of another outcome or answer are no approvals of this one, and end nothing: that closes the task."""
    return [Given(names=_names((one.account, one.behalf), people), need=_digest(one.rule)) for one in asked.alike()]


def _names(accounts: Iterable[UUID | None], people: dict[UUID, Standing]) -> frozenset[str]:
    return frozenset[str]().union(*(_person(one, people).names for one in accounts if one is not None))


def _digest(rule: Any) -> str:
    """Of what was needed when it was given; empty where nobody knows, which is what nothing needs."""
    return str(rule.get("need", "")) if isinstance(rule, dict) else ""
