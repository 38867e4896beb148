"""Rows 48 and 49: no way round the matrix, whoever decides, in whatever order, for whomever."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.authority import needs
from tenants.authority.errors import BadFact, NoAuthority
from tenants.authority.judging import Decider, Given, judge
from tenants.authority.rows import AmountRange, OneOf, Row
from tests.tenants.authority.office import (
    ALL_DUTIES,
    NAMES,
    Acts,
    Office,
    account,
    acts,
    matrix,
    person,
    stated,
)
from tests.tenants.authority.rows_made import held, row


def need_of(made: Row, **more: Any) -> needs.Need:
    return needs.need(held(made), made.decision, stated(**more))


def given_by(need: needs.Need, *deciders: Decider, approves: bool = True) -> list[Given]:
    return [Given(names=one.names, need=need.digest, approves=approves) for one in deciders]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(acts, min_size=1, max_size=25))
def test_S_68_no_sequence_of_acts_ends_approved_but_by_enough_different_people_with_the_role(steps: list[Acts]) -> None:
    office = Office()
    for one in steps:
        office.do(one)


def test_the_same_office_approves_when_the_right_people_decide() -> None:
    """Else the property above would hold of an office where nothing is ever approved."""
    office = Office()
    for who in ("dan", "eve"):
        office.do(Acts("decide", who, None, (0,), 0))
    assert office.ended == ["approved", None]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(NAMES), max_size=6), st.integers(1, 4))
def test_an_approval_takes_as_many_people_as_the_row_says(order: list[str], wanted: int) -> None:
    need = need_of(row(approvals=wanted))
    done: list[Given] = []
    for who in order:
        verdict = judge(need, Decider(person=person(who, "manager")), done)
        if verdict.may:
            done += given_by(need, Decider(person=person(who, "manager")))
            assert verdict.is_enough is (len(done) == wanted)
    assert len(done) == min(len(set(order)), wanted)


def why(need: needs.Need, decider: Decider, done: list[Given] | None = None) -> str | None:
    return judge(need, decider, done or []).why


def test_the_role_counts_by_its_id_and_not_by_its_slug() -> None:
    need = need_of(row())
    other = msgspec.structs.replace(person("ann"), roles=frozenset({"manager", "rol_manager_of_others"}))
    assert why(need, Decider(person=other)) == "role"
    assert why(need, Decider(person=person("ann", "manager"))) is None


@pytest.mark.parametrize("written", [account("ann"), f"account:{account('ann')}", "ANN+orders@Acme.example"])
@pytest.mark.parametrize("duty", ALL_DUTIES)
def test_a_duty_keeps_somebody_out_however_they_are_written_and_as_a_substitute(duty: Any, written: str) -> None:
    name = {"not_requester": "requester", "not_last_editor": "last_editor", "not_same_person": "earlier"}[duty]
    need = need_of(row(duties=[duty]), **{name: [written]})
    ann, ben = person("ann", "manager"), person("ben", "manager")
    assert why(need, Decider(person=ann)) == "duty"
    assert why(need, Decider(person=ann, stands_in_for=ben)) == "duty"
    assert why(need, Decider(person=ben, stands_in_for=ann)) == "duty"
    assert why(need, Decider(person=ben)) is None


def test_a_substitute_counts_with_the_others_role_and_as_the_same_person() -> None:
    need = need_of(row(approvals=3))
    ann, ben, cat = person("ann", "manager"), person("ben"), person("cat", "manager")
    stands_in = Decider(person=ben, stands_in_for=ann)
    assert why(need, Decider(person=ben)) == "role"
    assert why(need, stands_in) is None
    done = given_by(need, stands_in)
    for again in (Decider(person=ann), stands_in, Decider(person=cat, stands_in_for=ann)):
        assert why(need, again, done) == "twice"
    assert why(need, Decider(person=cat), done) is None
    assert why(need, Decider(person=ann, stands_in_for=ann)) == "substitute"


def test_an_approval_counts_for_its_own_case_alone() -> None:
    rows = held(row(approvals=2, amount=AmountRange(currency="USD")))
    small, large = (
        needs.need(rows, "credit.release", stated(amount={"amount": n, "currency": "USD"})) for n in (100, 100_000)
    )
    ann, ben = Decider(person=person("ann", "manager")), Decider(person=person("ben", "manager"))
    assert judge(small, ben, given_by(small, ann)).is_enough
    moved = judge(large, ben, given_by(small, ann))
    assert (moved.may, moved.counted, moved.missing) == (True, 1, 1)


def test_what_was_refused_or_approved_is_decided_no_more() -> None:
    need = need_of(row())
    ann, ben = Decider(person=person("ann", "manager")), Decider(person=person("ben", "manager"))
    assert why(need, ben, given_by(need, ann, approves=False)) == "over"
    assert why(need, ben, given_by(need, ann)) == "over"


def test_another_matrix_keeps_what_still_needs_the_same_and_nothing_else() -> None:
    before, kept = need_of(row("old", approvals=2)), need_of(row("new", approvals=2, customer_class=None))
    stricter = need_of(row("old", approvals=3))
    done = given_by(before, Decider(person=person("ann", "manager")))
    ben = Decider(person=person("ben", "manager"))
    assert judge(kept, ben, done).is_enough
    assert judge(stricter, ben, done).missing == 2


def test_who_changes_the_matrix_decides_nothing_that_lay_there_before() -> None:
    mine = matrix(row())
    ann = Decider(person=person("ann", "manager"))
    since = [f"account:{account('ann')}", f"account:{account('ben')}", "key:key_" + "0" * 26]
    assert why(mine.need("credit.release", stated(), changed_by=since), ann) == "duty"
    assert why(mine.need("credit.release", stated(), changed_by=since[1:]), ann) is None


def test_a_fact_that_a_row_asks_for_is_there_or_nobody_decides() -> None:
    """The lenient row asks for nothing; left out, the amount would make it cover what the strict one does."""
    strict = row("strict", amount=AmountRange(currency="USD", above=100), customer_class=OneOf(one_of=["key"]))
    lenient = row("lenient", customer_class=OneOf(none_of=["key"]))
    rows = held(strict, lenient)
    usd = {"amount": 1, "currency": "USD"}
    with pytest.raises(BadFact, match="State amount"):
        needs.need(rows, "credit.release", stated(customer_class="prospect"))
    with pytest.raises(BadFact, match="State customer_class"):
        needs.need(rows, "credit.release", stated(amount=usd))
    with pytest.raises(NoAuthority, match="No row is about amounts in EUR"):
        needs.need(rows, "credit.release", stated(amount={"amount": 1, "currency": "EUR"}, customer_class="prospect"))
    with pytest.raises(NoAuthority, match=r"No row covers credit.release for 0.01 USD, the customer class key"):
        needs.need(rows, "credit.release", stated(amount=usd, customer_class="key"))
    with pytest.raises(NoAuthority, match=r"No row is about price.change"):
        needs.need(rows, "price.change", stated())
    assert needs.need(rows, "credit.release", stated(amount=usd, customer_class="prospect")).rule == "lenient"


@pytest.mark.parametrize(
    "wrong",
    [
        {"requester": None},
        {"requester": "jsmith"},
        {"requester": []},
        {"requester": ["ann@acme.example", "J. Smith"]},
        {"last_editor": None},
        {"earlier": None},
        {"earlier": ["somebody"]},
    ],
)
def test_a_person_who_is_to_be_kept_out_is_named_so_that_they_can_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadFact):
        need_of(row(duties=ALL_DUTIES), **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin_percent": "12,5"},
        {"margin_percent": "1e3"},
        {"margin_percent": float("nan")},
        {"margin_percent": 1e300},
        {"amount": {"amount": -1, "currency": "USD"}},
        {"amount": {"amount": 1.5, "currency": "USD"}},
        {"amount": {"amount": True, "currency": "USD"}},
        {"amount": {"amount": 1, "currency": "usd"}},
        {"customer_clas": "key"},
        {"customer_class": ""},
    ],
)
def test_a_fact_of_the_wrong_form_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadFact):
        _ = stated(**wrong).margin


@pytest.mark.parametrize(("given_as", "exact"), [("12.5", "12.5"), (12.5, "12.5"), (0.1, "0.1"), (-3, "-3")])
def test_a_margin_counts_as_it_is_written(given_as: Any, exact: str) -> None:
    assert stated(margin_percent=given_as).margin == stated(margin_percent=exact).margin
