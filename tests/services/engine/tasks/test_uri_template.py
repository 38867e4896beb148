from __future__ import annotations

from typing import Any

import pytest

from services.engine.faults import Fault
from services.engine.tasks.call_task import expand


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("https://a.b/{id}", {"id": 7}, "https://a.b/7"),
        ("https://a.b/{id}", {"id": "../x y?"}, "https://a.b/..%2Fx%20y%3F"),
        ("https://a.b/{pet.id}", {"pet.id": 1, "pet": {"id": 2}}, "https://a.b/1"),
        ("https://a.b/{gone}/{none}", {"none": None}, "https://a.b//"),
        ("https://a.b/{yes}", {"yes": True}, "https://a.b/true"),
        ("https://a.b/{id}", [1], "https://a.b/"),
        ("https://a.b/", {}, "https://a.b/"),
    ],
)
def test_variables_are_top_level_properties_and_are_escaped(template: str, value: Any, expected: str) -> None:
    assert expand(template, value) == expected


def test_a_variable_that_is_no_plain_value_is_an_expression_error() -> None:
    with pytest.raises(Fault) as caught:
        expand("https://a.b/{id}", {"id": [1]})
    assert caught.value.error.type.endswith("/expression")
