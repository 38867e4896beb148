"""Who clears the holds of a scenario, and when: by the authority, as `services.holds.clearing` does it (ADR 0115)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from infra.problems import Problem
from services.holds import facts
from services.holds.errors import AlreadyAgreed, HoldNotYours
from services.holds.facts import Stated
from services.holds.subjects import What
from services.human_tasks.errors import NoAuthority
from services.rehearsals.authority import Case, Matrix, account_of
from services.rehearsals.times import Time
from template_library.dsl.durations import milliseconds
from template_library.scenarios import ClearedHold


class Clearing(msgspec.Struct, frozen=True):
    """Somebody wants to clear it then."""

    moment: int
    wish: ClearedHold


class Hold(msgspec.Struct, kw_only=True):
    """One that was raised.

    Attributes:
        clears: what the scenario says of who clears it next.
        given: who agreed, and the digest of what it took.
    """

    id: UUID
    kind: What
    key: str
    customer: str | None
    line: str
    type: str
    reason: str
    owner: str
    run: UUID | None
    raised_by: str
    keys: list[str]
    stated: Stated
    status: str = "active"
    cleared_by: str | None = None
    after_release: bool = False
    clears: Clearing | None = None
    given: list[tuple[str, str]] = []

    @property
    def value(self) -> dict[str, Any] | None:
        if self.stated.value is None:
            return None
        return {"amount": self.stated.value, "currency": self.stated.currency}

    @property
    def next(self) -> int | None:
        """When somebody wants to clear it."""
        return None if self.clears is None or self.status != "active" else self.clears.moment

    def keeps(self, order: str, customer: str | None) -> bool:
        if self.status != "active":
            return False
        return self.key == order if self.kind == "order" else self.key == customer


class Clearings:
    """All that a scenario says of them.

    Attributes:
        holds: that were raised, in their order.
        wrong: what went otherwise than was written.
    """

    def __init__(
        self,
        coming: Sequence[ClearedHold],
        time: Time,
        matrix: Matrix,
        decided: Callable[[UUID], list[UUID]] = lambda _run: [],
    ) -> None:
        """`decided`: who decided tasks of a run."""
        self.holds: list[Hold] = []
        self.wrong: list[str] = []
        self._coming = list(coming)
        self._time = time
        self._matrix = matrix
        self._decided = decided
        self._sites: dict[str, str] = {}

    def unused(self) -> list[str]:
        return [f"/holds/cleared: no hold of the type {one.type} was there to be cleared" for one in self._coming]

    def note_site(self, order: str | None, site: str | None) -> None:
        """The one that was said first stands."""
        if order is not None and site is not None:
            self._sites.setdefault(order, site)

    def add(self, made: Hold) -> None:
        self.holds.append(made)
        self._expect(made, self._time.now())

    def _expect(self, one: Hold, moment: int) -> None:
        """Who is said to clear it next."""
        meant = next((each for each in self._coming if _means(each, one)), None)
        if meant is not None:
            self._coming.remove(meant)
        one.clears = None if meant is None else Clearing(moment + milliseconds(meant.after), meant)

    def advance(self) -> None:
        """All that was to be cleared by now, in its order."""
        while due := [(one.next, one) for one in self.holds if one.next is not None and one.next <= self._time.now()]:
            _, first = min(due, key=operator.itemgetter(0))
            if first.clears is not None:
                self._clear_by(first, first.clears)

    def _clear_by(self, one: Hold, said: Clearing) -> None:
        """As `services.holds.clearing` does it."""
        wish, place = said.wish, f"/holds/cleared: {said.wish.by}"
        try:
            if self._may(one, wish):
                one.status, one.cleared_by = "cleared", wish.by
        except Problem as problem:
            if problem.name != wish.refused:
                self.wrong.append(f"{place} was refused: {problem.name}: {problem.detail}")
        else:
            if wish.refused is not None:
                self.wrong.append(f"{place} was to be refused with {wish.refused}, and was not")
        if one.status == "active":
            self._expect(one, said.moment)

    def _may(self, one: Hold, wish: ClearedHold) -> bool:
        """Whether it is cleared by this; False: somebody else has to agree. Raises HoldNotYours, AlreadyAgreed."""
        decision = one.stated.decision
        if decision is None:
            return True
        case = Case(decision=decision, role=one.owner, facts=self._facts(one), earlier=self._earlier(one))
        roles = frozenset((one.owner,) if wish.roles is None else wish.roles)
        others = [each for each in one.given if each[0] != wish.by]
        try:
            verdict, need = self._matrix.judge(case, wish.by, roles, others)
        except NoAuthority as no:
            raise HoldNotYours(no.detail) from None
        mine = (wish.by, need.digest)
        if not verdict.is_enough and mine in one.given:
            raise AlreadyAgreed
        one.given = [*others, mine]
        return verdict.is_enough

    def _facts(self, one: Hold) -> dict[str, Any]:
        given = dict(one.stated.facts)
        if one.value is not None:
            given |= one.value
        if one.kind == "order" and one.key in self._sites:
            given["site"] = self._sites[one.key]
        return facts.asked(given, one.stated.raisers)

    def _earlier(self, one: Hold) -> list[UUID]:
        """Who decided about anything else of the run that raised it."""
        if one.run is None:
            return []
        others = [each for each in self.holds if each.run == one.run and each is not one]
        found = {account_of(by) for each in others for by, _ in each.given}
        return sorted(found.union(self._decided(one.run)))


def _means(wanted: ClearedHold, made: Hold) -> bool:
    if wanted.type != made.type or wanted.reason not in {None, made.reason}:
        return False
    if wanted.order is not None:
        return (made.kind, made.key) == ("order", wanted.order)
    return wanted.customer is None or (made.kind, made.key) == ("customer", wanted.customer)
