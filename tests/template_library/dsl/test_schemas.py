"""What is said of a value that is not as its schema asks."""

from __future__ import annotations

from typing import Any

import pytest

from template_library.dsl.schemas import compile_schema, first_error


@pytest.mark.parametrize(
    ("schema", "value", "rule"),
    [
        ({"type": "string"}, ["k" * 10_000], 'is not of type "string"'),
        ({"type": "string"}, {"b": "k" * 10_000, "a": [1, 2.5, None]}, 'is not of type "string"'),
        ({"maxLength": 5}, "ü" * 10_000, "is longer than 5 characters"),
        ({"enum": ["a", "b"]}, "k" * 10_000, 'is not one of "a" or "b"'),
        ({"enum": ["k" * 1_000]}, "k" * 10_000, "is not one of"),
        ({"items": {"maximum": 3}}, [4], "4 is greater than"),
    ],
)
def test_a_long_value_is_cut_and_the_rule_is_not(schema: Any, value: Any, rule: str) -> None:
    said = first_error(compile_schema(schema), value)
    assert said is not None
    assert rule in said
    assert len(said) < 500
