"""`try`: which errors are caught, and when the tasks are tried again (DSL reference, Try, Retry)."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from services.engine.activation import Activation
from services.engine.durations import duration
from services.engine.frames import Trying
from services.engine.tasks.outcome import Descend, Outcome, Output, Sleep
from template_library.dsl.durations import MOST
from template_library.dsl.model import Catch, Retry, TryTask

_MOST_DOUBLINGS: Final = 40


async def run(task: TryTask, activation: Activation) -> Outcome:
    frame, retry, most = activation.top, task.catch.retry, None
    if retry is not None and retry.attempt_duration is not None:
        most = await duration(activation, retry.attempt_duration, "retry.limit.attempt.duration", frame.value)
    frame.memory = Trying(since=activation.now, most=most)
    return attempt(activation)


def attempt(activation: Activation) -> Outcome:
    """The tasks from their beginning, for as long as one attempt may take."""
    frame = activation.top
    if isinstance(frame.memory, Trying) and frame.memory.most is not None:
        frame.memory = msgspec.structs.replace(frame.memory, until=activation.now + frame.memory.most)
    return Descend(frame.value)


async def caught(task: TryTask, activation: Activation, error: dict[str, Any]) -> Outcome | None:
    """What follows when the tried tasks, all of them left by now, raised `error`; None where it is not caught."""
    frame = activation.top
    memory = frame.memory
    if not isinstance(memory, Trying) or memory.caught is not msgspec.UNSET:
        return None
    memory = msgspec.structs.replace(memory, until=None)
    frame.variables = {task.catch.name: error}
    if not await _catches(task.catch, activation, error):
        frame.variables = {}
        return None
    if task.catch.retry is not None:
        until = await _again(task.catch.retry, activation, memory)
        if until is not None:
            frame.memory = msgspec.structs.replace(memory, attempt=memory.attempt + 1)
            frame.variables = {}
            return Sleep(until)
        if not task.catch.tasks:
            return None
    frame.memory = msgspec.structs.replace(memory, caught=error)
    return Descend(frame.value) if task.catch.tasks else Output(frame.value)


async def _catches(catch: Catch, activation: Activation, error: dict[str, Any]) -> bool:
    value = activation.top.value
    if catch.errors is not None:
        wanted = await activation.render(catch.errors, value, input=value)
        names = {"details": "detail"}
        if any(error.get(names.get(name, name)) != member for name, member in wanted.items()):
            return False
    return await _holds(catch, activation)


async def _holds(rule: Catch | Retry, activation: Activation) -> bool:
    value = activation.top.value
    if rule.when is not None and not await activation.test(rule.when, value, input=value):
        return False
    return rule.except_when is None or not await activation.test(rule.except_when, value, input=value)


async def _again(retry: Retry, activation: Activation, memory: Trying) -> int | None:
    """The moment of the next attempt, or None where there is none."""
    if not await _holds(retry, activation):
        return None
    value = activation.top.value
    if retry.count is not None and memory.attempt > retry.count:
        return None
    pause = await _pause(retry, activation, memory.attempt)
    until = activation.now + pause
    if retry.duration is not None:
        last = memory.since + await duration(activation, retry.duration, "retry.limit.duration", value)
        return until if until <= last else None
    return until


async def _pause(retry: Retry, activation: Activation, attempt: int) -> int:
    """Milliseconds. Jitter is chance that every replay repeats: it comes from the run, the place and the attempt."""
    value, frame = activation.top.value, activation.top
    pause = 0 if retry.delay is None else await duration(activation, retry.delay, "retry.delay", value)
    if retry.backoff == "linear":
        pause *= attempt
    elif retry.backoff == "exponential":
        pause *= 2 ** min(attempt - 1, _MOST_DOUBLINGS)
    if retry.jitter is not None:
        low = await duration(activation, retry.jitter[0], "retry.jitter.from", value)
        high = await duration(activation, retry.jitter[1], "retry.jitter.to", value)
        seed = f"{activation.run.id}|{frame.reference}|{frame.iteration}|{attempt}"
        chance = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / 2**48
        pause += low + int((max(high, low) - low) * chance)
    return min(pause, MOST)
