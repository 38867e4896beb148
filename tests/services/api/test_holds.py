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
    assert kinds_of_hold(_output(released=False)) == []


def test_what_is_no_plain_word_is_left_out() -> None:
    """A list shows no data, whatever a workflow puts there."""
    holds = [{"type": "someone@example.com"}, {"type": "1 Any Street"}, {"type": "x" * 40}, {"type": "value"}]
    assert kinds_of_hold(_output(released=False, holds=holds)) == ["value"]


@pytest.mark.parametrize(
    "output", [None, "null", "3", "[]", '{"released":true,"holds":[]}', "{}", '{"released":false,"holds":"none"}']
)
def test_other_outputs_tell_of_no_hold(output: str | None) -> None:
    assert kinds_of_hold(output) is None
