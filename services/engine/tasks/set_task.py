from __future__ import annotations

from services.engine.activation import Activation
from services.engine.tasks.outcome import Outcome, Output
from template_library.dsl.model import SetTask


async def run(task: SetTask, activation: Activation) -> Outcome:
    """Its value replaces the data; nothing is merged (DSL reference, Set)."""
    value = activation.top.value
    return Output(await activation.render(task.value, value, input=value))
