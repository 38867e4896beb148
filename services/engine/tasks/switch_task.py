from __future__ import annotations

from services.engine.activation import Activation
from services.engine.tasks.outcome import Outcome, Output
from template_library.dsl.model import SwitchTask


async def run(task: SwitchTask, activation: Activation) -> Outcome:
    """The first case that holds, else the default, else the task's own `then`; the data passes (DSL reference)."""
    value = activation.top.value
    default = None
    for case in task.cases:
        if case.when is None:
            default = case.then
        elif await activation.test(case.when, value, input=value):
            return Output(value, case.then)
    return Output(value, default)
