"""Durations of a run: evaluated where they are no constants."""

from __future__ import annotations

from typing import Any

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.model import Constant, Duration


async def duration(activation: Activation, template: Duration, words: str, value: Any) -> int:
    """Milliseconds, of at most a year (S-34). Raises Fault `expression` for anything else."""
    if isinstance(template, Constant) and isinstance(template.value, int):
        return template.value
    try:
        return milliseconds(await activation.render(template, value, input=value))
    except DurationError as error:
        raise Fault(standard("expression", f"`{words}` is no duration", str(error))) from error
