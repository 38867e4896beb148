"""What a task gives, on its way to the next one (DSL, Data Flow, 5 to 8). Pure."""

from __future__ import annotations

from typing import Any

from services.engine.activation import Activation
from template_library.dsl.model import Transform


async def passed_on(activation: Activation, output: Any, to: Transform, export: Transform, words: str) -> Any:
    """The raw `output` of the innermost scope, transformed by `to` and exported by `export`.

    Raises Fault where one fails or breaks its schema; `words` name the output.
    """
    given = {"input": activation.top.value, "raw_output": output}
    if to.template is not None:
        output = await activation.render(to.template, output, **given)
    activation.validate(to.schema, output, words)
    if export.template is not None:
        given["output"] = output
        activation.scope.context = await activation.render(export.template, output, **given)
    activation.validate(export.schema, activation.scope.context, "exported context")
    return output
