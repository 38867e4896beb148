"""Durations of a run: evaluated, and within the year that a run may wait (S-34)."""

from __future__ import annotations

from typing import Any, Final

from services.engine.activation import Activation
from services.engine.faults import Fault, limit_exceeded, standard
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.model import Constant, Template

YEAR: Final = 366 * 24 * 60 * 60 * 1000
"""In milliseconds."""


async def duration(activation: Activation, template: Template, words: str, value: Any) -> int:
    """Milliseconds.

    Raises:
        Fault: `expression` for what is no duration, `runtime` for more than a year.
    """
    if isinstance(template, Constant) and isinstance(template.value, int):
        length = template.value
    else:
        try:
            length = milliseconds(await activation.render(template, value, input=value))
        except DurationError as error:
            raise Fault(standard("expression", f"`{words}` is no duration", str(error))) from error
    if length > YEAR:
        raise limit_exceeded("a run waits at most a year")
    return length
