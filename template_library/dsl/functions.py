"""`use.functions`: tasks that other tasks call by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from template_library.dsl import limits
from template_library.dsl.calls import BUILTIN
from template_library.dsl.checker import Checker
from template_library.dsl.grammar import Scope
from template_library.dsl.model import FunctionCallTask, Task
from template_library.dsl.positions import step
from template_library.dsl.tasks import Tasks


class LocalFunctions:
    """`paths` are those of the functions by name."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._definitions: dict[str, Any] = {}
        self.paths: dict[str, str] = {}

    def declare(self, value: Any) -> None:
        """All names, before any is read: a function may call one that stands below it."""
        self._definitions = self._checker.object(value, "/use/functions") or {}
        for name in self._definitions:
            self.paths[name] = step("/use/functions", name)
            if name in BUILTIN:
                self._checker.refuse(self.paths[name], f"`{name}` is a function of the language itself", name=True)

    def read(self, tasks: Tasks) -> None:
        for name, definition in self._definitions.items():
            tasks.task(name, definition, self.paths[name], Scope())

    def finish(self, found: Mapping[str, Task]) -> None:
        """Refuse functions that call themselves, through whatever others, and chains that are too long."""
        called = {path: _called(path, found) for path in self.paths.values()}
        for path in called:
            name = path.rpartition("/")[2]
            if path in _reached(path, called):
                self._checker.refuse(path, f"the function `{name}` calls itself", name=True)
            elif _behind(path, called, limits.CALLS) and not _behind(path, called, limits.CALLS + 1):
                self._checker.refuse(path, f"functions may call one another at most {limits.CALLS} deep", name=True)


def _called(path: str, found: Mapping[str, Task]) -> tuple[str, ...]:
    """Paths of the functions that the one at `path` calls itself, from whatever task inside it."""
    return tuple(
        task.body
        for at, task in found.items()
        if isinstance(task, FunctionCallTask) and task.local and (at == path or at.startswith(path + "/"))
    )


def _behind(path: str, called: Mapping[str, tuple[str, ...]], steps: int) -> set[str]:
    """Functions that are so many calls away."""
    found = {path}
    for _ in range(steps):
        found = {inner for one in found for inner in called[one]}
    return found


def _reached(start: str, called: Mapping[str, tuple[str, ...]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for one in called[waiting.pop()]:
            if one not in reached:
                reached.add(one)
                waiting.append(one)
    return reached
