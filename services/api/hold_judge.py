"""Holds ask the matrix of authority: what one is about, who lets it go, and who agreed to that before (ADR 0115)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from infra import ids
from infra.ids import TenantId
from infra.problems import Problem
from services.api import judged_people
from services.holds import facts as holds
from services.holds.authority import Question, Verdict
from services.human_tasks import people as workers
from services.human_tasks import rows
from tenants.authority import facts, judging, repository
from tenants.authority.errors import NoMatrix
from tenants.authority.facts import Facts
from tenants.authority.judging import Decider, Given
from tenants.authority.needs import Need
from tenants.identity import standing
from tenants.identity.standing import Standing

_NO_TASK: Final = UUID(int=0)


async def hold_judge(connection: Any, tenant: TenantId, asked: Question, /) -> Verdict:
    """Fills `services.holds.authority.Judge`: by the matrix in force, of the accounts as they are now.

    Where the decider may not for themselves, somebody who is away now and named them lends the role; duties hold for
    both. What the matrix cannot judge is refused with its reason.
    """
    who = asked.by.account
    if who is None:
        return Verdict("refused", "Only people decide")
    absent = (await workers.read(connection, tenant, workers.Person(account=who, actor=asked.by.actor))).absent
    everybody = {who, *absent, *(one for each in asked.given for one in (each.account, each.behalf) if one is not None)}
    people = await standing.of(connection, tenant, everybody)
    matrix = await repository.load(connection, tenant)
    try:
        if matrix is None:
            raise NoMatrix
        changers = await judged_people.changers(connection, tenant, matrix, asked.raised_at)
        changers += [await judged_people.behind(connection, one) for one in asked.changers]
        need = matrix.need(asked.decision, await _facts(connection, tenant, asked), changed_by=changers)
    except Problem as problem:
        return Verdict("refused", problem.detail)
    verdict, behalf = _judged(need, asked, people, _deciders(who, [None, *sorted(absent)], people))
    if not verdict.may:
        return Verdict("refused", verdict.detail)
    rule = {"matrix": matrix.version, "row": need.rule, "need": need.digest}
    if verdict.is_enough:
        return Verdict("allowed", "", behalf, need.digest, rule)
    words = f"{verdict.missing} more with the role {need.approver_role} must agree"
    return Verdict("more", words, behalf, need.digest, rule)


def _judged(
    need: Need, asked: Question, people: dict[UUID, Standing], deciders: Iterable[tuple[UUID | None, Decider]]
) -> tuple[judging.Verdict, UUID | None]:
    """The first way in which they may, else why not: what a duty says before what a role does."""
    given = [
        Given(names=judged_people.names_of((one.account, one.behalf), people), need=one.need) for one in asked.given
    ]
    found = [(judging.judge(need, one, given), behalf) for behalf, one in deciders]
    allowed = [one for one in found if one[0].may]
    return allowed[0] if allowed else min(found, key=lambda one: one[0].why == "role")


def _deciders(
    who: UUID, behalves: Iterable[UUID | None], people: dict[UUID, Standing]
) -> Iterator[tuple[UUID | None, Decider]]:
    person = judged_people.person_of(who, people)
    for behalf in behalves:
        other = None if behalf is None else judged_people.person_of(behalf, people)
        yield behalf, Decider(person=person, stands_in_for=other)


async def _facts(connection: Any, tenant: TenantId, asked: Question) -> Facts:
    """As the matrix reads them.

    Raises:
        BadFact: a person who is named as nobody can be.
    """
    stated = await judged_people.with_makers(connection, asked.facts)
    raisers = [await judged_people.behind(connection, one) for one in asked.raisers]
    earlier = set(asked.earlier)
    if asked.run is not None:
        earlier |= set(await rows.earlier(connection, tenant, asked.run, _NO_TASK))
    return facts.read(holds.asked(stated, raisers) | {"earlier": [ids.show("acc", one) for one in sorted(earlier)]})
