"""The states of a human task: whatever is done in whatever order, it ends once, and a closed one stays closed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.human_tasks.states import HELD, MOVES, OPEN, STATES, Move, State, TaskStands, after, leads

WAYS = st.lists(st.sampled_from(MOVES), max_size=30)


def walked(moves: list[Move], state: State = "created") -> list[State]:
    """The states that were passed; moves that lead nowhere change nothing."""
    passed: list[State] = [state]
    for move in moves:
        if leads(passed[-1], move):
            passed.append(after(passed[-1], move))
    return passed


@given(WAYS)
def test_every_way_stays_among_the_states_and_ends_once(moves: list[Move]) -> None:
    passed = walked(moves)
    assert set(passed) <= set(STATES)
    for before, behind in itertools.pairwise(passed):
        # Of the closed states those that nobody decided are left again: its run asks anew.
        assert before in OPEN or (before in {"cancelled", "expired"} and behind == "offered")
    assert passed.count("completed") <= 1


@given(WAYS)
def test_from_wherever_it_is_open_it_can_be_decided_given_on_and_ended(moves: list[Move]) -> None:
    state = walked(moves)[-1]
    for move in ("complete", "expire", "cancel", "delegate", "reassign"):
        assert leads(state, move) is (state in OPEN)
    assert leads(state, "release") is (state in HELD)


@given(st.sampled_from(STATES), st.sampled_from(MOVES))
def test_a_move_that_leads_nowhere_is_refused(state: State, move: Move) -> None:
    if leads(state, move):
        assert after(state, move) in STATES
        return
    with pytest.raises(TaskStands, match=f"It is {state}"):
        after(state, move)
