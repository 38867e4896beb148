from __future__ import annotations

import msgspec

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.frames import Looping
from services.engine.tasks.outcome import Descend, Outcome, Output
from template_library.dsl.model import ForTask


async def run(task: ForTask, activation: Activation) -> Outcome:
    """Each iteration runs on the output of the one before it; the last one's is the task's (DSL reference, For)."""
    value = activation.top.value
    items = await activation.render(task.within, value, input=value)
    if not isinstance(items, list):
        raise Fault(standard("expression", "Nothing to iterate over", "`for.in` must evaluate to an array"))
    activation.top.memory = Looping(items)
    return await _iterate(task, activation, value)


async def again(task: ForTask, activation: Activation) -> Outcome:
    """The next iteration, or the end: the collection's, or that of `while`."""
    frame = activation.top
    if not isinstance(frame.memory, Looping):
        raise TypeError("a loop without its memory")
    frame.memory = msgspec.structs.replace(frame.memory, at=frame.memory.at + 1)
    return await _iterate(task, activation, activation.strand.data)


async def _iterate(task: ForTask, activation: Activation, value: object) -> Outcome:
    frame = activation.top
    memory = frame.memory
    if not isinstance(memory, Looping) or memory.at >= len(memory.items):
        return Output(value)
    frame.variables = {task.each: memory.items[memory.at], task.at: memory.at}
    if task.while_ is not None and not await activation.test(task.while_, value, input=frame.value):
        return Output(value)
    return Descend(value)


def leave(activation: Activation) -> None:
    """`exit` inside the loop ends the loop."""
    frame = activation.top
    if isinstance(frame.memory, Looping):
        frame.memory = Looping(frame.memory.items, len(frame.memory.items))
