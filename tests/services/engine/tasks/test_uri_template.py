from __future__ import annotations

from typing import Any

import pytest

from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionFailed
from services.engine.faults import Fault
from services.engine.tasks.call_task import expand
from template_library.dsl.model import Expression
from template_library.dsl.uris import filled


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("https://a.b/{id}", {"id": 7}, "https://a.b/7"),
        ("https://a.b/{id}", {"id": "a/x y?"}, "https://a.b/a%2Fx%20y%3F"),
        ("https://a.b/{pet.id}", {"pet.id": 1, "pet": {"id": 2}}, "https://a.b/1"),
        ("https://a.b/{gone}/{none}", {"none": None}, "https://a.b//"),
        ("https://a.b/{yes}", {"yes": True}, "https://a.b/true"),
        ("https://a.b/{id}", [1], "https://a.b/"),
        ("https://a.b/", {}, "https://a.b/"),
        ("https://a.b/{v}.{w}", {"v": 1, "w": "..."}, "https://a.b/1...."),
        ("https://a.b/{x}?after={x}#{y}", {"x": "a", "y": ".."}, "https://a.b/a?after=a#.."),
        ("https://a.b/./{x}", {"x": "a"}, "https://a.b/./a"),
    ],
)
def test_variables_are_top_level_properties_and_are_escaped(template: str, value: Any, expected: str) -> None:
    assert expand(template, value) == expected


def test_a_variable_that_is_no_plain_value_is_an_expression_error() -> None:
    with pytest.raises(Fault) as caught:
        expand("https://a.b/{id}", {"id": [1]})
    assert caught.value.error.type.endswith("/expression")


CLIMBING = [
    ("https://a.b/{id}/c", {"id": ".."}),
    ("https://a.b/{id}", {"id": "."}),
    ("https://a.b/{id}", {"id": "../x"}),
    ("https://a.b/{id}", {"id": "x\\..\\y"}),
    ("https://a.b/.{id}/c", {"id": "."}),
    ("https://a.b/{x}{y}", {"x": ".", "y": "."}),
    ("https://a.b/.{gone}./c", {}),
    ("https://a.b/./{id}/c", {"id": ".."}),
]


@pytest.mark.parametrize(("template", "value"), CLIMBING)
def test_a_variable_that_leads_to_another_path_is_an_expression_error(template: str, value: Any) -> None:
    with pytest.raises(Fault) as caught:
        expand(template, value)
    assert caught.value.error.type.endswith("/expression")


async def test_so_it_is_where_an_expression_fills_the_template() -> None:
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        for template, value in CLIMBING:
            found = filled(template, "/uri")
            assert isinstance(found, Expression)
            with pytest.raises(ExpressionFailed, match="may not make"):
                await evaluator.evaluate([found.program], value, {})
        found = filled("https://a.b/./{x}/{y}", "/uri")
        assert isinstance(found, Expression)
        assert await evaluator.evaluate([found.program], {"x": "a.b", "y": "1/2"}, {}) == ["https://a.b/./a.b/1%2F2"]
