from __future__ import annotations

from services.engine.activation import Activation
from services.engine.durations import duration
from services.engine.tasks.outcome import Outcome, Sleep
from template_library.dsl.model import WaitTask


async def run(task: WaitTask, activation: Activation) -> Outcome:
    """The data passes; the time runs from the moment at which the task began (DSL reference, Wait)."""
    value = activation.top.value
    return Sleep(activation.now + await duration(activation, task.duration, "wait", value))
