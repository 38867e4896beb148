"""What a decision needs: the one row that covers it, and whom its duties keep out. Pure; never "anyone" (ADR 0100)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Final

import msgspec

from tenants.authority import facts as known
from tenants.authority import spaces
from tenants.authority.errors import BadFact, NoAuthority
from tenants.authority.facts import Facts
from tenants.authority.rows import Duty, HeldRow, Row

MATRIX: Final = "set_the_matrix"
"""Why somebody is kept out who changed the matrix while the decision was open."""


class Barred(msgspec.Struct, frozen=True, order=True):
    """Somebody who may not decide: an account's id or an e-mail address, and by what."""

    person: str
    why: str


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to approve one case.

    Attributes:
        rule: name of the row that covers it.
        approver_role: slug, to be shown; `role_id` is what counts.
        approvals: by so many different people; 0: a write that states the decision goes by itself (ADR 0119).
        digest: of all that an approval is given for; one that was given for another digest counts no more.
    """

    rule: str
    decision: str
    approver_role: str
    role_id: str
    approvals: int
    duties: tuple[Duty, ...]
    barred: tuple[Barred, ...]
    digest: str


def need(rows: Sequence[HeldRow], decision: str, facts: Facts) -> Need:
    """What the row that covers the case asks for.

    Raises:
        NoAuthority: no row covers it.
        BadFact: a row of this type of decision asks for a fact that is missing, so that none may be passed over.
    """
    its = [one for one in rows if one.row.decision == decision]
    if not its:
        raise NoAuthority(f"No row is about {decision[:100]}")
    _ask_for([one.row for one in its], facts)
    covering = [one for one in its if _covers(one.row, facts)]
    if len(covering) != 1:
        # More than one is a matrix that was never checked.
        raise NoAuthority(f"{'No row covers' if not covering else 'Several rows cover'} {decision} for {_case(facts)}")
    (found,) = covering
    barred = _kept_out(found.row, facts)
    row = found.row
    return Need(
        rule=row.name,
        decision=decision,
        approver_role=found.role,
        role_id=found.role_id,
        approvals=row.approvals,
        duties=tuple(sorted(row.duties)),
        barred=barred,
        digest=_digest(found, facts, barred),
    )


def _ask_for(rows: Iterable[Row], facts: Facts) -> None:
    """Each fact that any row of the type asks for has to be there.

    Else a lenient row would cover what a strict one does, as soon as the fact is left out.
    """
    asked = {name for row in rows for name in _CONDITIONS if getattr(row, name) is not None}
    for name in _CONDITIONS:
        if name in asked and getattr(facts, name) is None:
            raise BadFact(f"/facts/{name}", f"State {name}: rows of this decision ask for it")
    codes = {row.amount.currency for row in rows if row.amount is not None}
    if facts.amount is not None and codes and facts.amount.currency not in codes:
        raise NoAuthority(f"No row is about amounts in {facts.amount.currency}")
    for name, word in (("customer_class", facts.customer_class), ("site", facts.site)):
        if name in asked and word == spaces.OTHER:
            raise BadFact(f"/facts/{name}", "This stands for what no row names")


_CONDITIONS: Final = ("amount", "margin_percent", "customer_class", "site")


def _covers(row: Row, facts: Facts) -> bool:
    amount, margin = facts.amount, facts.margin
    if row.amount is not None and (
        amount is None or amount.currency != row.amount.currency or not row.amount.span.holds(Fraction(amount.amount))
    ):
        return False
    if row.margin_percent is not None and (margin is None or not row.margin_percent.span.holds(margin)):
        return False
    return all(
        condition is None or (word is not None and condition.holds(word))
        for condition, word in ((row.customer_class, facts.customer_class), (row.site, facts.site))
    )


_OF_DUTY: Final[dict[Duty, str]] = {
    "not_requester": "requester",
    "not_last_editor": "last_editor",
    "not_same_person": "earlier",
}


def _kept_out(row: Row, facts: Facts) -> tuple[Barred, ...]:
    found = set()
    for duty in row.duties:
        name = _OF_DUTY[duty]
        people: Any = getattr(facts, name)
        if people is None or (people == [] and duty != "not_same_person"):
            raise BadFact(f"/facts/{name}", f"State {name}: the row '{row.name}' keeps that person out")
        found |= {Barred(one, duty) for one in known.names_of(people, f"/facts/{name}")}
    return tuple(sorted(found))


def _case(facts: Facts) -> str:
    asked = {name: value for name in _CONDITIONS if (value := getattr(facts, name)) is not None}
    if facts.amount is not None:
        asked["amount"] = msgspec.structs.asdict(facts.amount)
    return spaces.words(asked) or "such a case"


def _digest(found: HeldRow, facts: Facts, barred: tuple[Barred, ...]) -> str:
    """Of what is decided and by whom it may be; not of the matrix's other rows, nor of what else was decided."""
    kept_out = [[one.person, one.why] for one in barred if one.why != "not_same_person"]
    amount = None if facts.amount is None else [facts.amount.amount, facts.amount.currency]
    of_case = [amount, None if facts.margin is None else str(facts.margin), facts.customer_class, facts.site]
    row = found.row
    of_rule = [row.decision, found.role_id, row.approvals, sorted(row.duties)]
    told = msgspec.json.encode([of_rule, of_case, kept_out])
    return hashlib.sha256(told).hexdigest()
