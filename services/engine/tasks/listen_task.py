"""`listen`: what has been heard, and what follows (DSL reference, Listen, Event Consumption Strategy)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.engine import values
from services.engine.activation import HISTORY_BYTES, Activation
from services.engine.event_filters import Ears
from services.engine.faults import limit_exceeded
from services.engine.frames import Hearing
from services.engine.tasks import iterating
from services.engine.tasks.outcome import Hear, Outcome, Output
from template_library.dsl.model import Consumption, Expression, ListenTask


async def run(task: ListenTask, activation: Activation) -> Outcome:
    """From here on every event is heard until it is enough, also while `foreach` is busy with an earlier one."""
    ears = Ears(activation, task.to)
    activation.top.memory = Hearing(filters=await ears.wanted(), expected=await ears.expected())
    activation.note("correlation.started", activation.top)
    return Hear()


async def hear(task: ListenTask, activation: Activation, event: dict[str, Any]) -> None:
    """Remember what `event` means to the innermost scope, which is this task's."""
    frame = activation.top
    memory = _memory(activation)
    until = task.to.until
    ears = Ears(activation, task.to)
    if isinstance(until, Consumption):
        place, memory = await Ears(activation, until, len(task.to.filters)).match(event, memory, memory.until)
        if place is not None:
            memory = replace(memory, until=[*memory.until, place])
            frame.memory = replace(memory, is_over=is_enough(until, memory.until))
            return
    place, memory = await ears.match(event, memory, memory.places)
    if place is None:
        return
    # Data are JSON here, so that raw data are what they are read as.
    seen = event if task.read == "envelope" else event.get("data")
    activation.history += len(values.encode(seen))
    if activation.history > HISTORY_BYTES:
        raise limit_exceeded(f"{HISTORY_BYTES // 1024**2} MiB of history")
    activation.note("event.consumed", frame, id=event["id"], source=event["source"])
    # Who listens for ever and hands everything to `foreach` needs no list of what was.
    heard = memory.heard if task.to.forever and task.foreach is not None else [*memory.heard, seen]
    queue = [*memory.queue, seen] if task.foreach is not None else memory.queue
    # Only of `all` is it ever asked which filters were met.
    places = [*memory.places, place] if task.to.strategy == "all" else memory.places
    memory = replace(memory, heard=heard, places=places, queue=queue)
    frame.memory = replace(memory, is_over=await _is_over(task, activation, memory, place))


async def next_of(task: ListenTask, activation: Activation) -> Outcome:
    """What an idle listener does now."""
    frame, memory = activation.top, _memory(activation)
    if task.foreach is not None and memory.queue:
        frame.memory = replace(memory, queue=memory.queue[1:])
        return iterating.take(task.foreach, activation, memory.queue[0], memory.at)
    if not memory.is_over:
        return Hear()
    activation.note("correlation.completed", frame, **({"keys": memory.expected} if memory.expected else {}))
    return Output(memory.heard if task.foreach is None else memory.outputs)


async def again(task: ListenTask, activation: Activation) -> Outcome:
    """An event is done with: what its tasks gave, transformed, is its part of the output."""
    frame, memory, iterator = activation.top, _memory(activation), task.foreach
    if iterator is None:
        raise TypeError("a list of tasks without an iterator")
    output = await iterating.done(iterator, activation)
    outputs = memory.outputs if task.to.forever else [*memory.outputs, output]
    memory = replace(memory, at=memory.at + 1, outputs=outputs)
    until = task.to.until
    if isinstance(until, Expression) and not task.to.forever:
        # What an event's tasks exported may end it; events that came meanwhile are not taken any more.
        taken = memory.heard[: memory.at]
        if await activation.test(until, taken, input=frame.value):
            memory = replace(memory, heard=taken, queue=[], is_over=True)
    frame.memory = memory
    return await next_of(task, activation)


def leave(activation: Activation) -> None:
    """`exit` inside `foreach` ends the listening."""
    activation.top.memory = replace(_memory(activation), queue=[], is_over=True)


def is_enough(to: Consumption, places: list[int]) -> bool:
    """Whether the filters that were met, by place, end a strategy that has no `until`."""
    if to.strategy == "all":
        return len(set(places)) == len(to.filters)
    return bool(places)


async def _is_over(task: ListenTask, activation: Activation, memory: Hearing, place: int) -> bool:
    until = task.to.until
    if until is None:
        return is_enough(task.to, memory.places or [place])
    if task.to.forever or task.foreach is not None or isinstance(until, Consumption):
        return False
    return await activation.test(until, memory.heard, input=activation.top.value)


def _memory(activation: Activation) -> Hearing:
    memory = activation.top.memory
    if not isinstance(memory, Hearing):
        raise TypeError("a listener without its memory")
    return memory
