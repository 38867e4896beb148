"""What is done with each event or message that was consumed (DSL reference, Subscription Iterator)."""

from __future__ import annotations

from typing import Any

from services.engine.activation import Activation
from services.engine.tasks.outcome import Descend
from services.engine.transforms import passed_on
from template_library.dsl.model import Iterator


def take(iterator: Iterator, activation: Activation, item: Any, place: int) -> Descend:
    """Run the iterator's tasks on the input of the innermost scope's task, with `item` as a variable."""
    frame = activation.top
    frame.variables = {iterator.item: item, iterator.at: place}
    return Descend(frame.value)


async def done(iterator: Iterator, activation: Activation) -> Any:
    """What the tasks made of the item, transformed and exported. Without tasks an item is its own result."""
    frame = activation.top
    output = activation.strand.data if iterator.tasks else frame.variables.get(iterator.item)
    return await passed_on(activation, output, iterator.output, iterator.export, "item's output")
