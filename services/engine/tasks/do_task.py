from __future__ import annotations

from services.engine.activation import Activation
from services.engine.tasks.outcome import Descend, Outcome
from template_library.dsl.model import DoTask


async def run(_task: DoTask, activation: Activation) -> Outcome:
    """Its list runs on its transformed input; the last task's output is its raw output (DSL reference, Do)."""
    return Descend(activation.top.value)
