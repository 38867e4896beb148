"""May this person decide, and is it enough: a pure question of what is needed, who decides, and what was given before.

No way leads round it: whoever asks once for each decision, in its transaction, with what the account holds at that
moment, has every rule kept (ADR 0100). A decision for many is asked one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec

from tenants.authority.facts import email
from tenants.authority.needs import MATRIX, Need

Why = Literal["role", "duty", "twice", "over", "substitute"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is now: `account` is its id (`acc_…`), `roles` the ids of live roles that it holds."""

    account: str
    email: str
    roles: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.account, email(self.email)})


class Decider(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides.

    `stands_in_for`: whose substitute they are in this, now; that person's role counts, and both are held to the duties.
    """

    person: Person
    stands_in_for: Person | None = None

    @property
    def names(self) -> frozenset[str]:
        """Of everybody whose decision this is."""
        other = self.stands_in_for
        return self.person.names if other is None else self.person.names | other.names


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of before about the same task. `need`: digest of what was needed when it was given."""

    names: frozenset[str]
    need: str
    approves: bool = True


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the decider may decide, and how many approvals are missing when they approve.

    Attributes:
        why, detail: why not; None where they may.
        counted: approvals that count, this one with them.
        missing: how many more it takes; 0: it is approved.
    """

    may: bool
    why: Why | None = None
    detail: str = ""
    counted: int = 0
    missing: int = 0

    @property
    def is_enough(self) -> bool:
        return self.may and self.missing == 0


def judge(need: Need, decider: Decider, given: Sequence[Given]) -> Verdict:
    """Whether `decider` may decide, after all decisions that were given about the task, the oldest first.

    For a decision that refuses, `may` is all that is asked: one person with the authority ends it.
    """
    counting = [one for one in given if one.need == need.digest]
    # Where nobody has to, it takes one person all the same once somebody is asked.
    wanted = max(need.approvals, 1)
    refusal = next(_refusals(need, decider, counting, wanted), None)
    if refusal is not None:
        return refusal
    counted = 1 + _different(one.names for one in counting)
    return Verdict(may=True, counted=counted, missing=max(wanted - counted, 0))


def _refusals(need: Need, decider: Decider, counting: Sequence[Given], wanted: int) -> Iterator[Verdict]:
    holder, other = decider.person, decider.stands_in_for
    if need.role_id not in (other or holder).roles:
        yield _no("role", f"The role {need.approver_role} decides this")
    if other is not None and holder.names & other.names:
        yield _no("substitute", "Nobody stands in for themselves")
    yield from (_no("duty", _SAID[one.why]) for one in need.barred if one.person in decider.names)
    if any(not one.approves for one in counting):
        yield _no("over", "It was refused")
    if any(one.names & decider.names for one in counting):
        yield _no("twice", "Each approval is by another person, and a substitute is no other one")
    if _different(one.names for one in counting) >= wanted:
        yield _no("over", "It was approved")


def _different(decisions: Iterable[frozenset[str]]) -> int:
    """How many of them are by people who are in none of those before."""
    seen: set[str] = set()
    count = 0
    for names in decisions:
        count += not (names & seen)
        seen |= names
    return count


def _no(why: Why, detail: str) -> Verdict:
    return Verdict(may=False, why=why, detail=detail)


_SAID: Final = {
    "not_requester": "Who asked for it does not decide it",
    "not_last_editor": "Who changed it last does not decide it",
    "not_same_person": "Who decided an earlier step does not decide this one",
    MATRIX: "Who changed the rules while it was open does not decide it",
}
