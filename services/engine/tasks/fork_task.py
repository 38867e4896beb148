from __future__ import annotations

from typing import Any

import msgspec

from services.engine.activation import Activation
from services.engine.frames import Forking
from services.engine.tasks.outcome import Outcome, Spread
from template_library.dsl.model import ForkTask


async def run(task: ForkTask, activation: Activation) -> Outcome:
    """Every branch gets the task's input (DSL reference, Fork)."""
    activation.top.memory = Forking()
    return Spread(activation.top.value, len(task.branches))


def joined(task: ForkTask, activation: Activation, branch: int, output: Any) -> list[Any] | None:
    """Take a branch's output; answers `[output of the fork]` once that is known. The current strand is the fork's."""
    memory = _memory(activation)
    if task.compete:
        return [output]
    memory = msgspec.structs.replace(memory, outputs={**memory.outputs, branch: output})
    activation.top.memory = memory
    if len(memory.outputs) < len(task.branches):
        return None
    return [[memory.outputs[place] for place in range(len(task.branches))]]


def lost(task: ForkTask, activation: Activation, branch: int, error: dict[str, Any]) -> bool:
    """Take a branch's error; whether the fork goes on. In a competition it does while another branch may win."""
    memory = _memory(activation)
    memory = msgspec.structs.replace(memory, errors={**memory.errors, branch: error})
    activation.top.memory = memory
    return task.compete and len(memory.errors) < len(task.branches)


def _memory(activation: Activation) -> Forking:
    memory = activation.top.memory
    if not isinstance(memory, Forking):
        raise TypeError("a fork without its memory")
    return memory
