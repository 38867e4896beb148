"""A faulted run is tried again from where it failed: what was done stays done, and what failed keeps its keys. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from services.engine import skipping
from services.engine.activation import Activation
from services.engine.faulting import fault
from services.engine.faults import Fault
from services.engine.frames import Frame, Trying
from services.engine.functions import ErrorDetails
from services.engine.scopes import is_shown
from services.engine.state import Failure, Snapshot
from services.engine.waits import Calling
from services.engine.walking import rerun
from template_library.dsl.model import RaiseTask


def stood(activation: Activation, error: ErrorDetails) -> Snapshot:
    """Where the run stands before its current strand does what made it fault with `error`."""
    task = skipping.failed(activation)
    failed = Failure(
        strand=activation.strand.id,
        # What is raised under no condition is raised again, whatever it is given.
        takes_input=task is not None and not (isinstance(task, RaiseTask) and task.condition is None),
        takes_skip=skipping.may_be(activation, error),
    )
    return replace(activation.snapshot(), failed=failed)


def restart(activation: Activation, failed: Failure) -> None:
    """Give all that is open its time and its attempts anew, and have the journal say that it is under way again."""
    for strand in activation.strands.values():
        activation.strand = strand
        for frame in strand.frames:
            _restart(frame, activation.now)
        if isinstance(strand.wait, Calling):
            strand.wait = _again(strand.wait, Calling(strand.wait.effect))
        for frame, parent in zip(strand.frames[1:], strand.frames[:-1], strict=True):
            if failed.strand is not None and is_shown(frame, parent):
                activation.note("task.started", frame)


def _again(wait: Calling, anew: Calling) -> Calling:
    """`anew` with what is known of `wait`, the same effect. What happened stays so; what may have stays in doubt."""
    happened = wait.verdict if wait.verdict is not None and wait.verdict.error is None else None
    return replace(anew, sent=wait.sent, first=wait.first, last=wait.last, verdict=happened)


def _restart(frame: Frame, now: int) -> None:
    if frame.deadline is not None:
        frame.deadline = now + frame.deadline - frame.started_at
        frame.started_at = now
    memory = frame.memory
    if isinstance(memory, Trying) and memory.caught is UNSET:
        until = None if memory.until is None or memory.most is None else now + memory.most
        frame.memory = replace(memory, since=now, attempt=1, until=until)


async def give(activation: Activation, value: Any) -> None:
    """Let the task that failed, of the current strand, begin with `value` as its raw input."""
    strand = activation.strand
    if not isinstance(strand.wait, Calling):
        strand.data = value
        return
    was = strand.wait
    activation.top.raw, strand.wait = value, None
    try:
        await rerun(activation)
        if isinstance(anew := activation.strand.wait, Calling):
            activation.strand.wait = _again(was, anew)
    except Fault as error:
        await fault(activation, error)
