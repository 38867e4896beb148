"""`call` of `openapi`, `grpc`, `asyncapi`, `a2a` and `mcp`; a subscription of `asyncapi` is fetched in batches."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from services.engine import values
from services.engine.activation import HISTORY_BYTES, Activation
from services.engine.durations import duration
from services.engine.faults import Fault, limit_exceeded, standard
from services.engine.frames import Subscribing
from services.engine.tasks import iterating
from services.engine.tasks.outcome import Invoke, Outcome, Output
from template_library.dsl.model import ProtocolCallTask, Subscription

_MOST: Final = 32
_BATCH_MILLISECONDS: Final = 5_000
"""For which a batch without messages holds a worker's slot."""


async def run(task: ProtocolCallTask, activation: Activation) -> Outcome:
    if task.subscription is None:
        value = activation.top.value
        return Invoke(task.protocol, await activation.render(task.arguments, value, input=value))
    activation.top.memory = await _begun(task.subscription, activation)
    return await _next(task, task.subscription, activation)


async def answered(task: ProtocolCallTask, activation: Activation, answer: Any) -> Outcome:
    """What follows from the answer to the call: with a subscription, from the messages in it."""
    if task.subscription is None:
        return Output(answer)
    activation.top.memory = replace(_memory(activation), is_begun=True)
    for message in answer["messages"]:
        await _consume(task.subscription, activation, message)
    if answer["ended"]:
        activation.top.memory = replace(_memory(activation), is_over=True, is_closed=True)
    return await _next(task, task.subscription, activation)


async def again(task: ProtocolCallTask, activation: Activation) -> Outcome:
    """A message is done with."""
    if task.subscription is None or task.subscription.foreach is None:
        raise TypeError("a list of tasks without an iterator")
    wanted, output = task.subscription, await iterating.done(task.subscription.foreach, activation)
    memory = _memory(activation)
    outputs = memory.outputs if wanted.forever else [*memory.outputs, output]
    memory = replace(memory, at=memory.at + 1, outputs=outputs)
    # What a message's tasks exported may end it; messages that came with it are not taken any more.
    if await _is_enough(wanted, activation, memory.heard[: memory.at]):
        memory = replace(memory, queue=[], is_over=True)
    activation.top.memory = memory
    return await _next(task, wanted, activation)


def leave(activation: Activation) -> None:
    """`exit` inside `foreach` ends the subscription."""
    if isinstance(activation.top.memory, Subscribing):
        activation.top.memory = replace(activation.top.memory, queue=[], is_over=True)


async def _begun(wanted: Subscription, activation: Activation) -> Subscribing:
    value, until, amount = activation.top.value, None, None
    if wanted.within is not None:
        until = activation.now + await duration(activation, wanted.within, "consume.for", value)
    if wanted.amount is not None:
        amount = await activation.render(wanted.amount, value, input=value)
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
            raise Fault(standard("expression", "Not an amount", "`consume.amount` must be a whole number from 1"))
    return Subscribing(until=until, amount=amount)


async def _consume(wanted: Subscription, activation: Activation, message: Any) -> None:
    frame, memory = activation.top, _memory(activation)
    if memory.is_over or (wanted.filter and not await activation.test(wanted.filter, message, input=frame.value)):
        return
    activation.history += len(values.encode(message))
    if activation.history > HISTORY_BYTES:
        raise limit_exceeded(f"{HISTORY_BYTES // 1024**2} MiB of history")
    heard, count = memory.heard if wanted.forever else [*memory.heard, message], memory.count + 1
    queue = memory.queue if wanted.foreach is None else [*memory.queue, message]
    is_over = memory.amount is not None and count >= memory.amount
    if not is_over and wanted.foreach is None:
        is_over = await _is_enough(wanted, activation, heard)
    frame.memory = replace(memory, heard=heard, count=count, queue=queue, is_over=is_over)


async def _is_enough(wanted: Subscription, activation: Activation, heard: list[Any]) -> bool:
    """What `while` and `until` say of the messages so far."""
    value = activation.top.value
    if wanted.forever:
        return False
    if wanted.while_ is not None and not await activation.test(wanted.while_, heard, input=value):
        return True
    return wanted.until is not None and await activation.test(wanted.until, heard, input=value)


async def _next(task: ProtocolCallTask, wanted: Subscription, activation: Activation) -> Outcome:
    frame, memory = activation.top, _memory(activation)
    if wanted.foreach is not None and memory.queue:
        frame.memory = replace(memory, queue=memory.queue[1:])
        return iterating.take(wanted.foreach, activation, memory.queue[0], memory.at)
    left = None if memory.until is None else memory.until - activation.now
    is_over = memory.is_over or (left is not None and left <= 0)
    if is_over and memory.is_closed:
        return Output(memory.heard if wanted.foreach is None else memory.outputs)
    arguments = await activation.render(task.arguments, frame.value, input=frame.value)
    identity = f"{activation.run.id}|{frame.keyed}|{frame.iteration}"
    if is_over:
        return Invoke(task.protocol, {**arguments, "subscription": {"batch": {"id": identity, "close": True}}})
    most = _MOST if memory.amount is None else min(memory.amount - memory.count, _MOST)
    within = _BATCH_MILLISECONDS if left is None else min(left, _BATCH_MILLISECONDS)
    batch = {"id": identity, "most": most, "within": within}
    return Invoke(task.protocol, {**arguments, "subscription": {"batch": batch}}, goes_on=memory.is_begun)


def _memory(activation: Activation) -> Subscribing:
    memory = activation.top.memory
    if not isinstance(memory, Subscribing):
        raise TypeError("a subscription without its memory")
    return memory
