"""What an error does: it leaves scope after scope until a `try` catches it, or the run faults. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.frames import Extending, Frame, Trying
from services.engine.functions import ErrorDetails
from services.engine.scopes import cancel_children, interrupt, is_shown
from services.engine.state import Ended, Strand
from services.engine.tasks import fork_task, try_task
from services.engine.tasks.outcome import Outcome, Sleep
from services.engine.walking import settle
from template_library.dsl.model import ForkTask, TryTask


async def fault(activation: Activation, raised: Fault) -> None:
    """`raised` by the innermost scope of the current strand."""
    error, is_final = _placed(activation, raised.error), raised.is_final
    while True:
        try:
            outcome = None if is_final else await _caught(activation, error)
            if outcome is not None:
                await settle(activation, outcome)
                return
        except Fault as another:  # the condition of a catch failed, or what follows it; that is the error now
            error, is_final = _placed(activation, another.error), is_final or another.is_final
        if not _leave(activation, error):
            return


async def time_out(activation: Activation, strand: Strand, frame: Frame) -> None:
    """Interrupt `frame`, or the attempt of a `try` that it is, whose time is over, and everything inside it."""
    activation.strand = strand
    interrupt(activation, frame)
    if isinstance(frame.memory, Trying) and (frame.deadline is None or frame.deadline > activation.now):
        frame.memory = msgspec.structs.replace(frame.memory, until=None)
    else:
        frame.deadline = None
        frame.memory = None  # a `try` does not catch its own timeout
    # The workflow's own is the empty pointer, to the whole document; "/" would be a member without a name (RFC 6901).
    error = standard("timeout", "The time is over", "what was under way was interrupted", instance=frame.reference)
    await fault(activation, Fault(error))


async def _caught(activation: Activation, error: ErrorDetails) -> Outcome | None:
    frame = activation.top
    if not frame.path or len(activation.frames) == 1 or isinstance(frame.memory, Extending):
        return None
    task = activation.task_of(frame)
    if not isinstance(task, TryTask):
        return None
    described = _described(error)
    outcome = await try_task.caught(task, activation, described)
    if outcome is not None:
        activation.note("task.retried" if isinstance(outcome, Sleep) else "task.caught", frame, error=described)
    return outcome


def _leave(activation: Activation, error: ErrorDetails) -> bool:
    """Leave the innermost scope with `error`; whether somebody further out is to be asked."""
    strand, frame = activation.strand, activation.top
    described = _described(error)
    if len(activation.frames) > 1:
        activation.frames.pop()
        if is_shown(frame, activation.top):
            activation.note("task.faulted", frame, error=described)
        return True
    if strand.parent is None:
        cancel_children(activation, strand)
        activation.end(Ended(state="faulted", error=error))
        return False
    activation.drop(strand)
    activation.strand = parent = activation.strands[strand.parent]
    task = activation.task_of(activation.top)
    if strand.branch is not None and isinstance(task, ForkTask):
        if fork_task.lost(task, activation, strand.branch, described):
            return False
        cancel_children(activation, parent)
    parent.wait = None
    return True


def _placed(activation: Activation, error: ErrorDetails) -> ErrorDetails:
    if error.instance is not None:
        return error
    instance = activation.top.reference or ("/input" if activation.transitions == 0 else "/output")
    return msgspec.structs.replace(error, instance=instance)


def _described(error: ErrorDetails) -> dict[str, Any]:
    described: dict[str, Any] = msgspec.to_builtins(error)
    return described
