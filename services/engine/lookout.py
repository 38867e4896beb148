"""Where the filters of a schedule are looked at from: before any run, with the deployment's parameters alone."""

from __future__ import annotations

from typing import Any

from services.engine import arguments
from services.engine.expressions.protocol import Evaluator
from services.engine.rendering import render
from services.engine.state import RunDescriptor
from template_library.dsl.model import Expression, Template


class Lookout:
    """A `Scene` of `event_filters`. Its input is null: there is none before the events have begun a run."""

    value = None

    def __init__(self, evaluator: Evaluator, described: RunDescriptor) -> None:
        """`described` is what `$runtime` tells of; it has no id, and began at the moment of the look."""
        self._evaluator = evaluator
        self._described = described

    async def render(self, template: Template, value: Any, **scope: Any) -> Any:
        """See `rendering.render`."""
        used = {name for expression in template.expressions for name in expression.variables}
        variables = {name: self._argument(name, scope) for name in used}
        return await render(template, value, variables, self._evaluator, self._described.tenant)

    async def test(self, condition: Expression, value: Any, **scope: Any) -> bool:
        """Truth as jq sees it: everything but false and null."""
        result = await self.render(condition, value, **scope)
        return result is not None and result is not False

    def _argument(self, name: str, scope: dict[str, Any]) -> Any:
        described = self._described
        return arguments.runtime(described, described.started_at) if name == "runtime" else scope.get(name)
