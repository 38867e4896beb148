"""Rules that choose one of several connections: in order, and never a guess (ADR 0083)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tenants.connections import rules
from tenants.connections.rules import Facts, Record, Rule, Said, When

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def said(*owners: str, site: str | None = None, channel: str | None = None, company: str | None = None) -> Said:
    return Said(Facts(site=site, channel=channel, company=company), frozenset(owners))


def test_the_first_rule_that_matches_counts_and_all_that_it_names_must_be_said() -> None:
    given = [
        Rule(ONE, When(site=("reno",), channel=("web",))),
        Rule(TWO, When(site=("reno", "dallas"))),
        Rule(THREE, When(owner=("erp-east",))),
    ]
    assert rules.first(given, said(site="reno", channel="web")) == 1
    assert rules.first(given, said(site="reno", channel="edi")) == 2
    assert rules.first(given, said(site="reno")) == 2
    assert rules.first(given, said("shop", "erp-east", site="austin")) == 3
    assert rules.first(given, said("shop", site="austin")) is None
    assert rules.first(given, said(site="Reno")) is None, "letter for letter"
    assert rules.first([*given, Rule(ONE)], said()) == 4, "one that names nothing is for every call"


def test_what_no_rule_is_for_is_named_so_that_somebody_can_add_one() -> None:
    given = [Rule(ONE, When(site=("reno",))), Rule(TWO, When(channel=("web",), owner=("erp-east",)))]
    assert rules.unmatched(given, said(site="austin", company="west")) == (
        "site `austin`; the call says no channel and no record"
    )
    record = Facts(record=Record(kind="customer", id="C-1"))
    told = rules.unmatched(given, Said(record))
    assert told == "a customer that no system of the cross-reference knows; the call says no site and no channel"
    assert rules.unmatched(given, Said(record, frozenset({"shop"}))).startswith("owner `shop`")
    nothing = "a call that says nothing of what it is for"
    assert rules.unmatched([Rule(ONE, When(site=("reno",)))], said()) == f"{nothing}; the call says no site"


def test_who_owns_a_record_matters_only_where_no_rule_that_does_not_ask_comes_first() -> None:
    company, owner = Rule(ONE, When(company=("100",))), Rule(TWO, When(owner=("erp-east",)))
    assert not rules.asks_owner([company, owner], Facts(company="100"))
    assert rules.asks_owner([company, owner], Facts(company="200"))
    assert rules.asks_owner([owner, company], Facts(company="100"))
    assert not rules.asks_owner([Rule(ONE), owner], Facts())
    both = Rule(ONE, When(company=("100",), owner=("erp-east",)))
    assert not rules.asks_owner([both, Rule(TWO)], Facts(company="200")), "its company is another one"


def test_several_records_are_named_together_where_nobody_knows_one() -> None:
    facts = Facts(record=(Record(kind="sales-order", id="SO-1"), Record(kind="customer", id="C-1")))
    told = rules.unmatched([Rule(ONE, When(owner=("erp-east",)))], Said(facts))
    assert told == "a sales-order or customer that no system of the cross-reference knows"


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (When(), When(site=("reno",))),
        (When(site=("reno", "dallas")), When(site=("dallas",))),
        (When(site=("reno",)), When(site=("reno",), channel=("web",))),
        (When(owner=("a", "b")), When(owner=("a",), site=("reno",))),
        (When(), When()),
    ],
)
def test_a_rule_that_no_call_comes_to_is_named(before: When, behind: When) -> None:
    (found,) = rules.breaches([Rule(ONE, before), Rule(TWO, behind)])
    assert (found.pointer, found.detail) == ("/rules/1", "no call comes to it: rule 1 is for all that it is for")


def test_rules_that_overlap_are_good() -> None:
    narrow, wide = When(site=("reno",), channel=("web",)), When(site=("reno",))
    assert list(rules.breaches([Rule(ONE, narrow), Rule(TWO, wide), Rule(THREE)])) == []
    assert list(rules.breaches([Rule(ONE, When(site=("a",))), Rule(TWO, When(site=("a", "b")))])) == []
