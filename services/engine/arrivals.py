"""What comes to a run that waits: an answer, a time, an event. Pure."""

from __future__ import annotations

from typing import Any

from services.engine import values
from services.engine.activation import Activation
from services.engine.faulting import fault, time_out
from services.engine.faults import Fault, standard
from services.engine.frames import Frame
from services.engine.functions import NOT_APPROVED, Done, Failed
from services.engine.scopes import interrupt
from services.engine.state import Strand
from services.engine.tasks import listen_task, protocol_task, run_task, try_task
from services.engine.waits import Listening, Sleeping
from services.engine.walking import complete, settle
from template_library.dsl.model import ListenTask, ProtocolCallTask, RunTask, TryTask


async def answered(activation: Activation, answer: Done | Failed) -> None:
    if isinstance(answer, Failed):
        raise Fault(answer.error, is_final=answer.error.type == NOT_APPROVED)
    try:
        values.check_bounds(answer.output)
    except values.ValueRefused as error:
        raise Fault(standard("runtime", "The answer cannot be used", f"the answer is {error}")) from error
    task = activation.task_of(activation.top)
    if isinstance(task, ProtocolCallTask):
        await settle(activation, await protocol_task.answered(task, activation, answer.output))
    elif isinstance(task, RunTask):
        await settle(activation, run_task.answered(task, activation, answer.output))
    else:
        await complete(activation, answer.output, None)


def due(activation: Activation) -> tuple[Strand, Frame | None] | None:
    """What the clock moves first: a scope whose time is over, or a strand whose sleep is."""
    found: list[tuple[int, int, int, Strand, Frame | None]] = []
    for strand in activation.strands.values():
        if isinstance(strand.wait, Sleeping):
            found.append((strand.wait.until, 1, strand.id, strand, None))
        for place, frame in enumerate(strand.frames):
            if (expires := frame.expires) is not None:
                found.append((expires, 0, strand.id * 1000 + place, strand, frame))
    first = min(found, key=lambda one: one[:3], default=None)
    return None if first is None or first[0] > activation.now else first[3:]


async def fire(activation: Activation, strand: Strand, frame: Frame | None) -> None:
    activation.strand = strand
    activation.turn()
    if frame is not None:
        await time_out(activation, strand, frame)
        return
    strand.wait = None
    try:
        task = activation.task_of(activation.top)
        if isinstance(task, TryTask):
            await settle(activation, try_task.attempt(activation))
        else:
            await complete(activation, activation.top.value, None)
    except Fault as error:
        await fault(activation, error)


async def hear(activation: Activation, strand: Strand, event: dict[str, Any]) -> None:
    """Let every listener of the strand hear `event`, and an idle one go on."""
    activation.strand = strand
    activation.turn()
    for depth, frame in enumerate(strand.frames, 1):
        if frame.hears and activation.ended is None:
            # A listener sees what stood around it when it began, whatever `foreach` is busy with.
            activation.strand = Strand(strand.id, strand.frames[:depth], parent=strand.parent, scope=strand.scope)
            try:
                await listen_task.hear(_listener(activation), activation, event)
            except Fault as error:
                activation.strand = strand
                interrupt(activation, frame)
                await fault(activation, error)
                return
    activation.strand = strand
    if isinstance(strand.wait, Listening):
        strand.wait = None
        try:
            await settle(activation, await listen_task.next_of(_listener(activation), activation))
        except Fault as error:
            await fault(activation, error)


def _listener(activation: Activation) -> ListenTask:
    task = activation.task_of(activation.top)
    if not isinstance(task, ListenTask):
        raise TypeError("no listener")
    return task
