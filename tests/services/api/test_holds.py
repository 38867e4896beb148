from __future__ import annotations

import msgspec
import pytest

from services.api.holds import kinds_of_hold


def _output(**members: object) -> str:
    return msgspec.json.encode(members).decode()


def test_a_held_order_tells_each_kind_once_and_nothing_else() -> None:
    holds = [{"type": "credit", "reason": "Above the limit."}, {"type": "stock"}, {"type": "credit"}]
    assert kinds_of_hold(_output(released=False, hold=holds[0], holds=holds)) == ["credit", "stock"]
    assert kinds_of_hold(_output(released=False, hold=holds[0])) == ["credit"]


def test_what_is_no_plain_word_is_left_out() -> None:
    """A list shows no data, whatever a workflow puts there."""
    holds = [{"type": "someone@example.com"}, {"type": "1 Any Street"}, {"type": "x" * 40}, {"type": "value"}]
    assert kinds_of_hold(_output(released=False, holds=holds)) == ["value"]


@pytest.mark.parametrize("more", [{}, {"holds": "none"}, {"holds": [{"type": 1}]}, {"hold": None}, {"holds": [{}]}])
def test_a_hold_without_a_kind_is_one_all_the_same(more: dict[str, object]) -> None:
    assert kinds_of_hold(_output(released=False, **more)) == []


def test_what_was_not_held_has_none() -> None:
    assert kinds_of_hold(None) is None
