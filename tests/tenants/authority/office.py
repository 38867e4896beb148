"""An office of five people, a matrix and two tasks of one run, on which anything is tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from tenants.authority import facts, needs
from tenants.authority.facts import Facts
from tenants.authority.judging import Decider, Given, Person, judge
from tenants.authority.matrices import Matrix
from tenants.authority.rows import Row
from tests.tenants.authority.rows_made import ROLES, held, row

NAMES: Final = ("ann", "ben", "cat", "dan", "eve")
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
ALL_DUTIES: Final = ["not_requester", "not_last_editor", "not_same_person"]


def account(name: str) -> str:
    return f"acc_0{NAMES.index(name)}" + "0" * 24


def person(name: str, *roles: str) -> Person:
    held_roles = frozenset(ROLES[one] for one in roles)
    return Person(account=account(name), email=f"{name}@acme.example", roles=held_roles)


def matrix(*rows: Row, version: int = 1, at: datetime = START, by: str = "key:key_" + "0" * 26) -> Matrix:
    return Matrix(version=version, rows=held(*rows), holds_from=at, set_by=by, set_at=at)


def stated(**more: Any) -> Facts:
    return facts.read({"requester": "system:shop", "last_editor": "system:erp", "earlier": [], **more})


class Acts(msgspec.Struct, frozen=True):
    """One thing that happens. `who` and `other`: names; `task`: which of two, or both at once."""

    what: str
    who: str
    other: str | None
    tasks: tuple[int, ...]
    number: int


acts = st.builds(
    Acts,
    st.sampled_from([*["decide"] * 6, "refuse", "roles", "matrix", "edit"]),
    st.sampled_from(NAMES),
    st.sampled_from([None, None, *NAMES]),
    st.sampled_from([(0,), (1,), (0, 1)]),
    st.integers(0, 3),
)
MATRICES: Final = (
    (row("a", "clerk", duties=[]),),
    (row("a", "manager", approvals=2, duties=ALL_DUTIES),),
    (row("a", "manager", approvals=2, duties=["not_requester"]), row("b", "clerk", decision="other", duties=[])),
    (row("a", "clerk", approvals=3, duties=["not_last_editor"]),),
)


class Office:
    """People, a matrix and two tasks of one run, on which anything is tried. What was done is kept whole."""

    def __init__(self) -> None:
        self.roles: dict[str, set[str]] = {one: {"clerk", "manager"} for one in ("ben", "dan", "eve")} | {
            "ann": {"manager"}
        }
        self.matrix = matrix(*MATRICES[1])
        self.changed: list[tuple[datetime, str]] = []
        self.now = START + timedelta(hours=1)
        self.asked = [self.now, self.now]
        self.facts = [{"requester": account("ann"), "last_editor": "ben@acme.example"} for _ in range(2)]
        self.given: list[list[Given]] = [[], []]
        self.signed: list[list[tuple[frozenset[str], str, str]]] = [[], []]
        self.ended: list[str | None] = [None, None]

    def decider(self, who: str, other: str | None) -> Decider:
        stands_in = None if other is None else person(other, *self.roles.get(other, ()))
        return Decider(person=person(who, *self.roles.get(who, ())), stands_in_for=stands_in)

    def need(self, task: int) -> needs.Need:
        other = [name for one in self.given[1 - task] for name in one.names if name.startswith("acc_")]
        known = facts.read({**self.facts[task], "earlier": other})
        return self.matrix.need("credit.release", known, changed_by=self.changers(task))

    def changers(self, task: int) -> list[str]:
        return [by for at, by in self.changed if at > self.asked[task]]

    def do(self, act: Acts) -> None:
        self.now += timedelta(minutes=1)
        if act.what == "roles":
            held_now = [[], ["clerk"], ["manager"], ["clerk", "manager"]][act.number]
            self.roles[act.who] = set(held_now)
        elif act.what == "matrix":
            self.matrix = matrix(*MATRICES[act.number], at=self.now, by=f"account:{account(act.who)}")
            self.changed.append((self.now, self.matrix.set_by))
        elif act.what == "edit":
            self.facts[act.tasks[0]]["last_editor"] = f"{act.who.title()}+x@ACME.example"
        else:
            for task in act.tasks:
                self.decide(task, act)

    def decide(self, task: int, act: Acts) -> None:
        if self.ended[task]:
            return
        decider, need = self.decider(act.who, act.other), self.need(task)
        verdict = judge(need, decider, self.given[task])
        if not verdict.may:
            return
        approves = act.what == "decide"
        self.given[task].append(Given(names=decider.names, need=need.digest, approves=approves))
        names = {one for who in {act.who, act.other or act.who} for one in (account(who), f"{who}@acme.example")}
        self.signed[task].append((frozenset(names), act.other or act.who, need.digest))
        if not approves:
            self.ended[task] = "refused"
        elif verdict.is_enough:
            self.ended[task] = "approved"
            self.check_approval(task, need)

    def check_approval(self, task: int, need: needs.Need) -> None:
        """Told without `judge`: the rule in force, and enough people for it, of whom none was kept out."""
        (rule,) = [one for one in self.matrix.rows if one.row.decision == "credit.release"]
        counting = [(names, whose) for names, whose, digest in self.signed[task] if digest == need.digest]
        assert len(counting) == rule.row.approvals
        everybody: list[str] = [name for names, _ in counting for name in names]
        assert len(everybody) == len(set(everybody)), "somebody counts twice"
        requester, editor = self.facts[task]["requester"], facts.email(self.facts[task]["last_editor"])
        if "not_requester" in rule.row.duties:
            assert requester not in everybody
        if "not_last_editor" in rule.row.duties:
            assert editor not in everybody
        if "not_same_person" in rule.row.duties:
            assert not counting[-1][0] & {name for one in self.given[1 - task] for name in one.names}
        last, _ = counting[-1]
        assert not {one for by in self.changers(task) for one in last if by.endswith(one)}, "by a matrix of their own"
        last_whose = counting[-1][1]
        assert rule.role in self.roles.get(last_whose, set()), "without the role"
