"""What stands of a hold that is raised again: nothing of it becomes less."""

from __future__ import annotations

from typing import Any

import pytest

from services.holds import facts
from services.holds.errors import OtherFacts
from services.holds.facts import Stated
from template_library.holds import HoldFacts


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
