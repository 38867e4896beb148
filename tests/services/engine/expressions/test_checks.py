from __future__ import annotations

import pytest

from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from template_library.dsl import DocumentError, parse

TEXT = """document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}
do:
  - good: {set: {a: "${ .a | length }", b: "${ $context.b + 1 }"}}
  - bad:
      set:
        a: "${ .a | lenght }"
      output: {as: "1) | $ENV | (1"}
"""


async def test_S_28_each_expression_that_does_not_compile_is_named_at_its_place(expressions: Expressions) -> None:
    with pytest.raises(DocumentError) as caught:
        await check_expressions(parse(TEXT), TEXT, expressions, filename="w.yaml")
    first, second = sorted(caught.value.violations, key=lambda one: one.line)
    assert (first.pointer, first.line, first.column) == ("/do/1/bad/set/a", 6, 12)
    assert "lenght/0 is not defined" in first.message
    assert (second.pointer, second.line) == ("/do/1/bad/output/as", 7)
