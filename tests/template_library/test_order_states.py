"""One model of states for an order and each of its lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.catalogue.registry import types
from template_library.order_states import (
    DECIDED,
    NEXT,
    TITLES,
    ForbiddenTransition,
    UnknownState,
    may_follow,
    way,
)

STRAIGHT = (
    "captured validated released allocated pick-released picked packed shipped delivered invoiced closed".split()  # noqa: SIM905
)
STATES = st.sampled_from(sorted(NEXT))


def test_order_states_follow_each_other_as_the_standard_says() -> None:
    for state, following in pairwise(STRAIGHT):
        assert may_follow(state, following), (state, following)
    for state, following in (("validated", "held"), ("held", "released"), ("released", "backordered")):
        assert may_follow(state, following)
    assert may_follow("backordered", "allocated")
    assert set(NEXT) == {*STRAIGHT, "held", "backordered", "changed", "cancelled", "returned"}
    for state, following in (
        ("captured", "shipped"),
        ("closed", "captured"),
        ("shipped", "cancelled"),
        ("held", "held"),
    ):
        assert not may_follow(state, following), (state, following)


def test_every_state_that_follows_is_one_and_has_words() -> None:
    assert {one for following in NEXT.values() for one in following} <= set(NEXT)
    assert all(title.endswith(".") for title in TITLES.values())


def test_what_has_left_is_neither_changed_nor_cancelled_and_what_has_not_can_be() -> None:
    for state in STRAIGHT[: STRAIGHT.index("shipped")]:
        assert {"changed", "cancelled"} <= NEXT[state]
    for state in STRAIGHT[STRAIGHT.index("shipped") : -1]:
        assert not {"changed", "cancelled"} & NEXT[state]
        assert "returned" in NEXT[state]


def test_the_event_types_tell_each_state_and_no_other() -> None:
    assert {one.state for one in types().values() if one.state} == set(NEXT)


def test_states_that_a_system_was_silent_about_are_passed_on_the_straight_way() -> None:
    assert way("released", "shipped") == ("allocated", "pick-released", "picked", "packed", "shipped")
    assert way("captured", "held") == ("validated", "held")
    assert way("backordered", "picked") == ("allocated", "pick-released", "picked")
    assert way("packed", "returned") == ("shipped", "returned")
    assert way(None, "delivered") == ("delivered",)
    assert way("picked", "picked") == ()


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        ("shipped", "packed"),
        ("closed", "captured"),
        ("shipped", "cancelled"),
        ("cancelled", "released"),
        ("picked", "validated"),
        ("delivered", "held"),
        ("returned", "invoiced"),
    ],
)
def test_no_way_leads_back_or_through_a_decision_that_nobody_told(present: str, wanted: str) -> None:
    with pytest.raises(ForbiddenTransition, match=f"an order that is {present} does not become {wanted}") as refused:
        way(present, wanted)
    assert (refused.value.present, refused.value.wanted) == (present, wanted)


@given(STATES, STATES)
def test_a_way_is_of_allowed_steps_and_of_as_few_as_there_are(present: str, wanted: str) -> None:
    try:
        found = way(present, wanted)
    except ForbiddenTransition:
        assert not may_follow(present, wanted)
        return
    for one, following in pairwise((present, *found)):
        assert may_follow(one, following)
    assert not DECIDED & set(found[:-1])
    assert len(set(found)) == len(found)
    assert not may_follow(present, wanted) or len(found) <= 1
    assert way(present, wanted) == found


@pytest.mark.parametrize("unknown", ["", "open", "Shipped", "pick_released"])
def test_a_word_that_is_no_state_is_refused_on_either_side(unknown: str) -> None:
    with pytest.raises(UnknownState):
        way("captured", unknown)
    with pytest.raises(UnknownState):
        way(unknown, "captured")
    with pytest.raises(UnknownState):
        may_follow("captured", unknown)
