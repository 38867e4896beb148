"""Row 48: no case is in two rows, and what is in none is told with an example of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from tenants.authority import checking, facts, needs
from tenants.authority.errors import NoAuthority
from tenants.authority.facts import Facts
from tenants.authority.rows import AmountRange, DecimalRange, OneOf, Row
from tests.tenants.authority.rows_made import SITES, cases, held, row, rows


def covers(one: Row, case: Facts) -> bool:
    """What a person would say who reads the row, by Python's own comparisons."""
    if one.amount is not None:
        amount, bounds = case.amount, one.amount
        if amount is None or amount.currency != bounds.currency:
            return False
        inside = (
            (bounds.from_ is None or amount.amount >= bounds.from_)
            and (bounds.above is None or amount.amount > bounds.above)
            and (bounds.to is None or amount.amount <= bounds.to)
            and (bounds.below is None or amount.amount < bounds.below)
        )
        if not inside:
            return False
    if (asked := one.margin_percent) is not None:
        margin = Decimal(str(case.margin_percent))
        inside = (
            (asked.from_ is None or margin >= Decimal(asked.from_))
            and (asked.above is None or margin > Decimal(asked.above))
            and (asked.to is None or margin <= Decimal(asked.to))
            and (asked.below is None or margin < Decimal(asked.below))
        )
        if not inside:
            return False
    pairs = ((one.customer_class, case.customer_class), (one.site, case.site))
    return all(
        choice is None or ((word in choice.named) == (choice.one_of is not None)) for choice, word in pairs if word
    )


def as_case(example: dict[str, Any]) -> Facts:
    return facts.read({"requester": "system:shop", **example})


@settings(max_examples=300, deadline=None)
@given(rows(), cases)
def test_rows_that_pass_never_cover_one_case_twice_and_a_case_in_none_is_told(made: list[Row], case: Facts) -> None:
    wrong = checking.mistakes(made, SITES)
    covering = [one.name for one in made if covers(one, case)]
    if wrong:
        for one in wrong:
            assert one.example is not None, one
            both = [each for each in made if covers(each, as_case(one.example))]
            assert len(both) > 1, (one, "is an example of nothing")
        return
    assert len(covering) <= 1
    told = checking.gaps(made)
    codes = {one.amount.currency for one in made if one.amount is not None}
    if not covering and (not codes or (case.amount and case.amount.currency in codes)):
        assert told, "a case is left out, and nobody is told"
    for gap in told:
        # The class that stands for all others is none that anybody states.
        stated = {name: "else" if value == "(any other)" else value for name, value in gap.example.items()}
        assert not any(covers(each, as_case(stated)) for each in made), gap
        with pytest.raises(NoAuthority):
            needs.need(held(*made), "credit.release", as_case(stated))


@settings(max_examples=200, deadline=None)
@given(rows(), cases)
def test_what_is_needed_is_what_the_one_row_says_that_covers_it(made: list[Row], case: Facts) -> None:
    if checking.mistakes(made, SITES):
        return
    covering = [one.name for one in made if covers(one, case)]
    codes = {one.amount.currency for one in made if one.amount is not None}
    if covering and (not codes or (case.amount and case.amount.currency in codes)):
        assert needs.need(held(*made), "credit.release", case).rule == covering[0]
    else:
        with pytest.raises(NoAuthority):
            needs.need(held(*made), "credit.release", case)


def test_a_whole_chain_has_no_gap_and_its_neighbours_share_no_amount() -> None:
    made = [
        row("small", amount=AmountRange(currency="USD", to=500_000)),
        row("middle", amount=AmountRange(currency="USD", above=500_000, to=5_000_000)),
        row("large", amount=AmountRange(currency="USD", above=5_000_000)),
    ]
    assert checking.mistakes(made, ()) == []
    assert checking.gaps(made) == []
    (gap,) = checking.gaps(made[:2])
    assert gap.example == {"amount": {"amount": 5_000_001, "currency": "USD"}}
    assert gap.detail == "No row covers credit.release for 50000.01 USD: nobody may decide it"


def test_the_narrowest_gap_is_found_and_its_example_lies_in_it() -> None:
    made = [
        row("low", margin_percent=DecimalRange(to="10")),
        row("high", margin_percent=DecimalRange(from_="10.000000000001")),
    ]
    (gap,) = checking.gaps(made)
    assert Decimal(10) < Decimal(gap.example["margin_percent"]) < Decimal("10.000000000001")
    assert not [one for one in made if covers(one, as_case(gap.example))]


def test_a_matrix_of_200_rows_is_looked_through_whole() -> None:
    made = [
        row(f"r{low}-{klass}", amount=AmountRange(currency="USD", from_=low, to=low), customer_class=choice)
        for low in range(100)
        for klass, choice in enumerate((OneOf(one_of=["key"]), OneOf(none_of=["key"])))
    ]
    last = row("rest", amount=AmountRange(currency="USD", above=99))
    assert checking.mistakes(made, ()) == []
    (gap,) = checking.gaps(made)
    assert gap.example["amount"]["amount"] == 100
    assert checking.gaps([*made[:-1], last])[0].example == {
        "amount": {"amount": 99, "currency": "USD"},
        "customer_class": "(any other)",
    }
    assert checking.gaps([*made[:-1], last, made[-1]]) == []


@pytest.mark.parametrize(
    ("one", "pointer"),
    [
        ({"amount": AmountRange(currency="XXX")}, "/0/amount/currency"),
        ({"amount": AmountRange(currency="USD", from_=1, above=1)}, "/0/amount"),
        ({"amount": AmountRange(currency="USD", to=1, below=1)}, "/0/amount"),
        ({"amount": AmountRange(currency="USD", above=4, below=5)}, "/0/amount"),
        ({"margin_percent": DecimalRange(from_="2", to="1")}, "/0/margin_percent"),
        ({"customer_class": OneOf()}, "/0/customer_class"),
        ({"customer_class": OneOf(one_of=["key"], none_of=["key"])}, "/0/customer_class"),
        ({"customer_class": OneOf(one_of=["key", "key"])}, "/0/customer_class"),
        ({"customer_class": OneOf(one_of=["(any other)"])}, "/0/customer_class"),
        ({"customer_class": OneOf(one_of=["key\n"])}, "/0"),
        ({"site": OneOf(one_of=["pier"])}, "/0/site"),
        ({"duties": ["not_requester", "not_requester"]}, "/0/duties"),
    ],
)
def test_a_row_that_is_no_good_in_itself_is_named(one: dict[str, Any], pointer: str) -> None:
    assert [found.pointer for found in checking.mistakes([row(**one)], SITES)][:1] == [pointer]


def test_rows_have_names_of_their_own_and_there_are_not_too_many() -> None:
    twice = [row("same", site=OneOf(one_of=["depot"])), row("same", site=OneOf(one_of=["yard"]))]
    assert [one.pointer for one in checking.mistakes(twice, SITES)] == ["/0/name", "/1/name"]
    assert [one.detail for one in checking.mistakes([row(f"r{n}") for n in range(201)], ())] == [
        "Keep at most 200 rows"
    ]


def test_rows_read_as_they_are_written() -> None:
    text = '{"name":"a","decision":"x.y","amount":{"currency":"USD","from":1},"approver_role":"clerk"}'
    read = msgspec.json.decode(text, type=Row)
    assert (read.amount, read.duties) == (AmountRange(currency="USD", from_=1), ["not_requester"])
    assert msgspec.convert(msgspec.to_builtins(read), Row) == read
