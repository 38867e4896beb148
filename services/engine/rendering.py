"""Templates → values: every expression of a template in one request to the evaluator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.engine import values
from services.engine.expressions.protocol import Evaluator, ExpressionFailed
from services.engine.faults import Fault, standard
from template_library.dsl.model import Constant, Expression, ListTemplate, MapTemplate, Template


async def render(template: Template, value: Any, variables: Mapping[str, Any], evaluator: Evaluator, lane: str) -> Any:
    """The template's value on `value`.

    Raises:
        Fault: `expression`, status 400, with the expression's pointer in its detail.
    """
    if isinstance(template, Constant):
        return template.value
    found = template.expressions
    try:
        results = await _evaluate(found, value, variables, evaluator, lane)
    except ExpressionFailed as error:
        detail = f"{found[error.index].pointer}: {error.detail}"
        raise Fault(standard("expression", error.kind, detail)) from error
    if isinstance(template, Expression):
        return results[0]
    rendered = _fill(template, iter(results))
    try:
        # One large result in many places is small in memory and immense as text.
        values.check_bounds(rendered)
    except values.ValueRefused as error:
        raise Fault(standard("expression", "expression_refused", f"the value is {error}")) from error
    return rendered


async def _evaluate(
    found: Sequence[Expression], value: Any, variables: Mapping[str, Any], evaluator: Evaluator, lane: str
) -> list[Any]:
    if all(one.text is None for one in found):
        return await evaluator.evaluate([one.program for one in found], value, variables, lane=lane)
    # Loose mode: one that is no expression after all is the text that it was written as.
    results = []
    for index, one in enumerate(found):
        try:
            results += await evaluator.evaluate([one.program], value, variables, lane=lane)
        except ExpressionFailed as error:
            # What took too long or too much is an error: its text would hide that it was an expression.
            if one.text is None or error.kind not in {"expression_failed", "expression_refused"}:
                raise ExpressionFailed(error.kind, error.detail, index) from error
            results.append(one.text)
    return results


def _fill(template: Template, results: Iterator[Any]) -> Any:
    if isinstance(template, MapTemplate):
        return {name: _part(member, results) for name, member in template.members}
    if isinstance(template, ListTemplate):
        return [_part(item, results) for item in template.items]
    return _part(template, results)


def _part(template: Template, results: Iterator[Any]) -> Any:
    if isinstance(template, Constant):
        return template.value
    return next(results) if isinstance(template, Expression) else _fill(template, results)
