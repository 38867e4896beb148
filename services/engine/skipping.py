"""A task that failed is passed by, with the output that its document has for that (ADR 0133). Pure."""

from __future__ import annotations

from services.engine.activation import Activation
from services.engine.faulting import fault
from services.engine.faults import Fault, standard
from services.engine.functions import NOT_APPROVED, ErrorDetails
from services.engine.scopes import children_of, frame_of, is_shown, reference_of
from services.engine.waits import Calling
from services.engine.walking import pass_by
from template_library.dsl.model import Task, Template


def failed(activation: Activation) -> Task | None:
    """The innermost task of the current strand that fails where it stands: its call, or the one that begins next."""
    strand = activation.strand
    if isinstance(strand.wait, Calling):
        return activation.task_of(activation.top)
    path = _next(activation)
    return None if path is None else activation.workflow.tasks[path]


def may_be(activation: Activation, error: ErrorDetails) -> bool:
    """Whether that task is what `error` came from, and may be skipped.

    A limit of time around it is not its own fault, and a `raise` may say of its error that it came from elsewhere.
    What somebody refused to approve stays refused.
    """
    task = failed(activation)
    is_its_own = error.instance == _reference(activation) and error.type != NOT_APPROVED
    return task is not None and task.skip is not None and is_its_own


async def skip(activation: Activation) -> None:
    """Leave that task of the current strand as if it had completed, with the output that it declares."""
    try:
        if not isinstance(activation.strand.wait, Calling):
            _open(activation)
        activation.strand.wait = None
        await pass_by(activation, await activation.render(_declared(activation), activation.top.raw))
    except Fault as error:
        await fault(activation, error)


def _declared(activation: Activation) -> Template:
    """Of the innermost task; another version of the document may declare none."""
    declared = activation.task_of(activation.top).skip
    if declared is None:
        raise Fault(standard("configuration", "The task may not be skipped", "its document does not declare it"))
    return declared


def _open(activation: Activation) -> None:
    path = _next(activation)
    if path is None:
        raise Fault(standard("configuration", "No task failed that could be skipped", "it failed between two tasks"))
    parent, reference = activation.top, reference_of(activation, activation.top, path)
    activation.count(reference)
    frame = frame_of(activation, parent, path, reference)
    activation.frames.append(frame)
    if is_shown(frame, parent):
        activation.note("task.started", frame)


def _next(activation: Activation) -> str | None:
    """Path of the task that begins next, where one does."""
    strand = activation.strand
    if strand.wait is not None:
        return None
    children = children_of(activation, strand.frames[-1])
    return children[strand.frames[-1].index] if strand.frames[-1].index < len(children) else None


def _reference(activation: Activation) -> str:
    path = _next(activation)
    return activation.top.reference if path is None else reference_of(activation, activation.top, path)
