"""Extensions: task lists around every task of a kind (DSL reference, Extension). Pure.

They change nothing of the task's data. `exit` in a list before the task leaves the task out: what the list gave is the
task's output then. Tasks of extensions are not extended themselves.
"""

from __future__ import annotations

from typing import Any, Final

from services.engine.activation import Activation
from services.engine.frames import Extending, Frame
from services.engine.state import Strand
from template_library.dsl.graph import KINDS
from template_library.dsl.model import Expression, Extension, Task, Workflow

_COMPOSITE: Final = {"do", "fork"}
"""What `extend` calls composite; every other kind has the language's own word."""


async def find(task: Task, activation: Activation) -> list[int]:
    """Places of the extensions that are around the innermost scope, which is that of `task`."""
    extensions = activation.workflow.extensions
    if not extensions or _is_inside(activation, activation.strand):
        return []
    kind, found = KINDS[type(task)], []
    word = "composite" if kind in _COMPOSITE else kind
    for place, one in enumerate(extensions):
        if one.extend in {"all", word} and (one.when is None or await _holds(one.when, activation)):
            found.append(place)
    return found


async def _holds(when: Expression, activation: Activation) -> bool:
    value, activation.asks_extensions = activation.top.value, True
    try:
        return await activation.test(when, value, input=value)
    finally:
        activation.asks_extensions = False


def open_before(activation: Activation, behind: int = -1) -> bool:
    """Open the next list before the innermost task, of an extension behind the given place; whether there was one."""
    frame = activation.top
    for place in frame.extensions:
        if place > behind and activation.workflow.extensions[place].before:
            _open(activation, activation.workflow.extensions[place], frame.value, Extending())
            return True
    return False


def open_behind(activation: Activation, output: Any, then: str | None, behind: int = -1) -> bool:
    """Open the next list behind the innermost task, of an extension behind the given place; whether there was one."""
    for place in activation.top.extensions:
        if place > behind and activation.workflow.extensions[place].after:
            memory = Extending(is_behind=True, output=output, then=then)
            _open(activation, activation.workflow.extensions[place], output, memory)
            return True
    return False


def place_of(workflow: Workflow, frame: Frame) -> int:
    """The place of the extension whose list the frame is."""
    return next(place for place, one in enumerate(workflow.extensions) if one.path == frame.path)


def tasks_of(workflow: Workflow, frame: Frame, memory: Extending) -> tuple[str, ...]:
    """Paths of the tasks of the list."""
    one = workflow.extensions[place_of(workflow, frame)]
    return one.after if memory.is_behind else one.before


def _open(activation: Activation, extension: Extension, data: Any, memory: Extending) -> None:
    reference = f"{activation.top.reference}/extensions/{extension.name}"
    activation.frames.append(Frame(extension.path, reference, started_at=activation.now, memory=memory))
    activation.strand.data = data


def _is_inside(activation: Activation, strand: Strand | None) -> bool:
    while strand is not None:
        if any(isinstance(frame.memory, Extending) for frame in strand.frames):
            return True
        strand = None if strand.parent is None else activation.strands[strand.parent]
    return False
