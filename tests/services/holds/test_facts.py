"""What stands of a hold that is raised again: nothing of it becomes less."""

from __future__ import annotations

from typing import Any

import pytest

from services.holds import facts
from services.holds.errors import OtherFacts, TooManyNamed
from services.holds.facts import Stated
from template_library.holds import HoldFacts
from tenants.authority.errors import BadFact


def stated(value: int | None = None, currency: str | None = None, *raisers: str, **known: Any) -> Stated:
    return Stated(value=value, currency=currency, facts=known, raisers=raisers or ("account:a",))


def test_the_higher_amount_and_the_lower_margin_stand_with_everybody_who_is_named() -> None:
    first = stated(5, "USD", margin_percent="12.5", requester=["a@acme.example"])
    again = stated(9, "USD", "account:b", margin_percent="9", requester=["b@acme.example"], customer_class="key")
    both = {"margin_percent": "9", "requester": ["a@acme.example", "b@acme.example"], "customer_class": "key"}
    assert facts.joined(first, again) == stated(9, "USD", "account:a", "account:b", **both)
    back = facts.joined(again, first)
    assert (back.value, back.facts["margin_percent"]) == (9, "9")
    assert facts.joined(first, first) == first
    assert facts.joined(stated(), first).value == 5
    assert facts.joined(first, stated()) == first


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(OtherFacts, match="USD"):
        facts.joined(stated(5, "USD"), stated(5, "EUR"))
    with pytest.raises(OtherFacts, match="class"):
        facts.joined(stated(customer_class="key"), stated(customer_class="other"))


def test_of_runs_two_are_enough_to_tell_that_it_is_not_ones_alone() -> None:
    found = stated(None, None, "run:1")
    for one in ("run:2", "run:3", "account:b", "run:4"):
        found = facts.joined(found, stated(None, None, one))
    assert found.raisers == ("run:1", "run:2", "account:b")


def test_people_are_kept_as_lists_and_a_margin_as_it_is_written() -> None:
    assert facts.kept(None) == {}
    told = HoldFacts(requester="a@acme.example", last_editor=["system:erp"], margin_percent=12.5)
    assert facts.kept(told) == {
        "requester": ["a@acme.example"],
        "last_editor": ["system:erp"],
        "margin_percent": "12.5",
    }


def checked(value: int | None = None, currency: str | None = None, site: str | None = None, **known: Any) -> None:
    facts.check(facts.kept(HoldFacts(**known)), value=value, currency=currency, site=site)


def test_what_the_authority_could_never_judge_by_is_refused_as_it_is_stated() -> None:
    """Else whoever may raise a hold would make one that nobody lets go."""
    checked(5, "USD", "depot", requester=["a@acme.example", "system:erp"], margin_percent=-1.5, customer_class="key")
    for unread in (
        {"requester": "xxx"},
        {"last_editor": ["a@acme.example", "account:somebody"]},
        {"requester": f"key:{'key_' + '0' * 26}"},
        {"margin_percent": 1e-300},
        {"customer_class": "(any other)"},
        {"site": "(any other)"},
        {"site": "depot "},
        {"site": "x" * 101},
        {"value": 10**15 + 1, "currency": "USD"},
    ):
        with pytest.raises(BadFact):
            checked(**unread)


def test_of_people_no_more_are_kept_than_the_authority_reads() -> None:
    def many(which: int, most: int = 20) -> list[str]:
        return [f"p{which}-{place}@{'é' * 200}.example" for place in range(most)]

    full = facts.joined(stated(requester=many(1)), stated(requester=many(2, 10), last_editor=many(1)))
    assert facts.joined(full, stated(requester=many(2, 10))) == full, "who is named again is nobody more"
    with pytest.raises(TooManyNamed):
        facts.joined(full, stated(requester=many(3, 1)))
    crowd = stated(None, None, *(f"account:{place}" for place in range(facts.MOST_NAMED)))
    with pytest.raises(TooManyNamed):
        facts.joined(crowd, stated(None, None, "account:x"))
    assert facts.joined(crowd, stated(None, None, "run:1")) == crowd, "that it is not one run's alone shows anyhow"


def test_what_is_stated_shows_in_the_audit_by_digests_of_each_person() -> None:
    salt = b"s" * 16
    told = facts.digests_of(salt, {"requester": ["a@acme.example", "b@acme.example"], "margin_percent": "9"})
    again = facts.digests_of(salt, {"requester": ["b@acme.example"]})
    assert told["requester"][1:] == again["requester"]
    assert told["margin_percent"] != "9"
    assert facts.digests_of(b"t" * 16, {"margin_percent": "9"})["margin_percent"] != told["margin_percent"]
