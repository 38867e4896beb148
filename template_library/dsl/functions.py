"""`use.functions`: tasks that other tasks call by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from template_library.dsl import limits
from template_library.dsl.calls import BUILTIN
from template_library.dsl.checker import Checker
from template_library.dsl.grammar import Scope
from template_library.dsl.model import FunctionCallTask, Task
from template_library.dsl.positions import step
from template_library.dsl.tasks import Tasks

_POINTER: Final = "/use/functions"
_TOKENS: Final = 4
"""Of a function's path, the empty one before the first slash included."""


class LocalFunctions:
    """`paths` are those of the functions by name."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._definitions: dict[str, Any] = {}
        self.paths: dict[str, str] = {}

    def declare(self, value: Any) -> None:
        """All names, before any is read: a function may call one that stands below it."""
        self._definitions = self._checker.object(value, _POINTER) or {}
        for name in self._definitions:
            self.paths[name] = step(_POINTER, name)
            if name in BUILTIN:
                self._checker.refuse(self.paths[name], f"`{name}` is a function of the language itself", name=True)

    def read(self, tasks: Tasks) -> None:
        for name, definition in self._definitions.items():
            tasks.task(name, definition, self.paths[name], Scope())

    def finish(self, found: Mapping[str, Task]) -> None:
        """Refuse functions that call themselves, through whatever others, and chains that are too long."""
        called = _called(found)
        for path in called:
            name = path.rpartition("/")[2]
            if path in _reached(path, called):
                self._checker.refuse(path, f"the function `{name[:80]}` calls itself", name=True)
            elif _behind(path, called, limits.CALLS) and not _behind(path, called, limits.CALLS + 1):
                self._checker.refuse(path, f"functions may call one another at most {limits.CALLS} deep", name=True)


def _called(found: Mapping[str, Task]) -> Mapping[str, set[str]]:
    """By path of a function, those that it calls itself, from whatever task inside it."""
    called: dict[str, set[str]] = defaultdict(set)
    for path, task in found.items():
        if isinstance(task, FunctionCallTask) and task.local and path.startswith(f"{_POINTER}/"):
            called["/".join(path.split("/")[:_TOKENS])].add(task.body)
    return dict(called)


def _behind(path: str, called: Mapping[str, set[str]], steps: int) -> set[str]:
    """Functions that are so many calls away."""
    found = {path}
    for _ in range(steps):
        found = {inner for one in found for inner in called.get(one, ())}
    return found


def _reached(start: str, called: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for one in called.get(waiting.pop(), ()):
            if one not in reached:
                reached.add(one)
                waiting.append(one)
    return reached
