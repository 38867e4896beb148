"""`metadata.skip` of a task: that a person may skip it once it has failed, and with which output (ADR 0133)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from template_library.dsl.checker import Checker
from template_library.dsl.model import (
    EmitTask,
    FunctionCallTask,
    HttpCallTask,
    ListenTask,
    ProtocolCallTask,
    RaiseTask,
    RunTask,
    SwitchTask,
    Task,
)
from template_library.dsl.model.values import Template
from template_library.dsl.positions import step
from template_library.dsl.templates import Templates

NAME: Final = "skip"
DECIDES: Final = ("human-task", "holds")
"""Functions of the catalogue by which people decide, or by which something waits until they have."""
_GUARDS: Final = "may not be skipped: it guards what comes after it"
_GUARDING: Final[Mapping[type[Task], str]] = {RaiseTask: "raise", SwitchTask: "switch", ListenTask: "listen"}
_HOLDS: Final = "only a task that calls, emits or runs a program may be skipped; this one may hold what guards others"


class Skips:
    def __init__(self, checker: Checker, templates: Templates) -> None:
        self._checker = checker
        self._templates = templates

    def output(self, metadata: dict[str, Any], pointer: str, arguments: frozenset[str]) -> Template | None:
        """What takes the place of the task's output, of its metadata at `pointer`; None where none is declared.

        `arguments`: variables that it may use.
        """
        if NAME not in metadata:
            return None
        at = step(pointer, NAME)
        members = self._checker.members(metadata[NAME], at, ("output",), required=("output",))
        if members is None or "output" not in members:
            return None
        return self._templates.template(members["output"], step(at, "output"), arguments)

    def check(self, task: Task) -> None:
        """Refuse what a task of its kind may not declare."""
        words = None if task.skip is None else why_not(task)
        if words is not None:
            self._checker.refuse(step(step(task.path, "metadata"), NAME), words)


def why_not(task: Task) -> str | None:
    """Why a task of this kind may never be skipped; None where it may."""
    if isinstance(task, FunctionCallTask):
        return _of_call(task)
    word = _GUARDING.get(type(task))
    if word is not None:
        return f"a `{word}` {_GUARDS}"
    calls = isinstance(task, HttpCallTask | ProtocolCallTask | EmitTask)
    return None if calls or (isinstance(task, RunTask) and task.workflow is None) else _HOLDS


def _of_call(task: FunctionCallTask) -> str | None:
    if task.local or task.source is not None:
        return "a function of tasks may not be skipped whole; declare it at a task of the function"
    return f"what people decide {_GUARDS}" if task.function.partition(":")[0] in DECIDES else None
