"""Whether a task that is open can go on as a task of another document. Pure.

Only what the open task remembers, or what was evaluated for it, must be the same. Everything else may be another: it is
looked up in the document when the run comes to it.
"""

from __future__ import annotations

from typing import Any, Final

from services.engine.mapping import kind
from services.engine.waits import Calling
from template_library.dsl.model import (
    ForkTask,
    ForTask,
    FunctionCallTask,
    Iterator,
    ListenTask,
    ProtocolCallTask,
    RunTask,
    Task,
    TryTask,
)

_OF_CALLS: Final = ("call", "with", "run")


class Stuck(Exception):
    """A run that cannot move: `reference` of its task that keeps it, empty for the run itself, and the reason."""

    def __init__(self, reference: str, detail: str) -> None:
        super().__init__(detail)
        self.reference = reference
        self.detail = detail


def check_task(old: Task, new: Task, reference: str) -> None:
    """Raises Stuck where the task at `reference`, which is `old` and open, could not go on as `new`."""
    if type(old) is not type(new):
        before, after = kind(old), kind(new)
        other = f"; it is a `{after}`" if before != after else ""
        raise Stuck(reference, f"{reference} is no `{_words(old)}` any more{other}")
    for name, one in _remembered(old).items():
        if one != _remembered(new).get(name):
            raise Stuck(reference, f"{reference} is open, and {name} is another one in the new revision")


def check_call(old: Task, new: Task, reference: str, wait: Calling) -> None:
    """Raises Stuck where the open call would be another one: the other side knows its key for the one that was made."""
    for name in _OF_CALLS:
        if old.definition.get(name) != new.definition.get(name):
            called = f"`{name}` of its open call of {wait.effect.function}"
            raise Stuck(reference, f"{reference} waits for an answer, and {called} is another one in the new revision")


def _remembered(task: Task) -> dict[str, Any]:
    """What an open task of the kind holds of its document, by the words that name it."""
    found: dict[str, Any] = {}
    if isinstance(task, ForTask):
        found = {"the name of its item": task.each, "the name of its index": task.at}
    elif isinstance(task, TryTask):
        found = {"the name of its error": task.catch.name}
    elif isinstance(task, ForkTask):
        found = {"whether its branches compete": task.compete, "the number of its branches": len(task.branches)}
    elif isinstance(task, ListenTask):
        found = {"what it listens for": task.definition.get("listen"), **_iterator(task.foreach)}
    elif isinstance(task, FunctionCallTask):
        found = {"the function": (task.function, task.local, task.source is None)}
    elif isinstance(task, ProtocolCallTask) and task.subscription is not None:
        found = {"its subscription": task.definition.get("with"), **_iterator(task.subscription.foreach)}
    elif isinstance(task, RunTask) and task.workflow is not None:
        one = task.workflow
        found = {"the workflow that it runs": (one.namespace, one.name, one.version)}
    return found


def _iterator(iterator: Iterator | None) -> dict[str, Any]:
    names = None if iterator is None else (iterator.item, iterator.at)
    return {"`foreach` or the name of its item": names}


def _words(task: Task) -> str:
    return f"call: {task.protocol}" if isinstance(task, ProtocolCallTask) else kind(task)
