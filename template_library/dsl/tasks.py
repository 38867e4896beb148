"""Task lists, and what tasks of all kinds have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from template_library.dsl import limits
from template_library.dsl.calls import Calls
from template_library.dsl.checker import kind_of, spoken
from template_library.dsl.enclosing import Enclosing
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import Task
from template_library.dsl.positions import step
from template_library.dsl.processes import Processes
from template_library.dsl.simple import Simple
from template_library.dsl.skips import Skips

DIRECTIVES: Final = frozenset({"continue", "exit", "end"})
_BASE: Final = ("if", "input", "output", "export", "timeout", "then", "metadata")
# The properties of each kind beside the one that it is told by.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "call": ("with",),
    "do": (),
    "emit": (),
    "for": ("while", "do"),
    "fork": (),
    "listen": ("foreach",),
    "raise": (),
    "run": (),
    "set": (),
    "switch": (),
    "try": ("catch",),
    "wait": (),
}
_TOLD_BY_OTHERS: Final = ("call", "run")
"""Whether this version runs one of these depends on what is called or run."""

Builder = Callable[[dict[str, Any], dict[str, Any], Scope], Task | None]


class Tasks:
    """Parses task lists into `found`, by path."""

    def __init__(self, grammar: Grammar, calls: Calls) -> None:
        self._grammar = grammar
        self._checker = grammar.checker
        self.found: dict[str, Task] = {}
        self._count = 0
        self._skips = Skips(grammar.checker, grammar.templates)
        simple = Simple(grammar, self.directive)
        enclosing = Enclosing(grammar, self.read)
        self._builders: Mapping[str, Builder] = {
            **simple.builders,
            **enclosing.builders,
            "call": calls.task,
            "run": Processes(grammar).task,
        }
        calls.iterate(enclosing.iterator)

    def read(self, value: Any, pointer: str, scope: Scope, *, apart: bool = False) -> tuple[str, ...]:
        """The paths of the tasks of a list. Those that run `apart` lead to none of the others."""
        if not isinstance(value, list):
            self._checker.refuse(pointer, f"must be a list of tasks, not {kind_of(value)}")
            return ()
        if not value:
            self._checker.refuse(pointer, "needs at least one task")
        if scope.depth > limits.NESTING:
            self._checker.refuse(pointer, f"tasks may be nested at most {limits.NESTING} deep")
            return ()
        named = [(index, *entry) for index, item in enumerate(value) if (entry := self._item(item, pointer, index))]
        names = [name for _, name, _ in named]
        seen: set[str] = set()
        for index, name, _ in named:
            if name in seen:
                self._checker.refuse(step(step(pointer, index), name), f"two tasks are named `{name}`", name=True)
            seen.add(name)
        scope = msgspec.structs.replace(scope, siblings=() if apart else tuple(names))
        paths = []
        for index, name, definition in named:
            path = step(step(pointer, index), name)
            self.task(name, definition, path, scope)
            paths.append(path)
        return tuple(paths)

    def _item(self, item: Any, pointer: str, index: int) -> tuple[str, Any] | None:
        at = step(pointer, index)
        entry = self._checker.entry(item, at, "task")
        if entry is not None and (entry[0] in DIRECTIVES or not entry[0]):
            self._checker.refuse(step(at, entry[0]), f"`{entry[0]}` cannot be the name of a task", name=True)
        return entry

    def task(self, name: str, value: Any, path: str, scope: Scope) -> None:
        self._count += 1
        if self._count > limits.TASKS:
            if self._count == limits.TASKS + 1:
                self._checker.refuse(path, f"a document may have at most {limits.TASKS} tasks", name=True)
            return
        kind = self._kind(value, path)
        if kind is None or self._checker.members(value, path, (*_BASE, kind, *_KINDS[kind])) is None:
            return
        if kind not in _TOLD_BY_OTHERS and not self._checker.uses(step(path, kind), kind):
            return
        task = self._builders[kind](value, self._head(name, value, path, scope), scope)
        if task is not None:
            self._skips.check(task)
            self.found[path] = task

    def _kind(self, value: Any, path: str) -> str | None:
        if not isinstance(value, dict):
            self._checker.refuse(path, f"must be a task, not {kind_of(value)}")
            return None
        kinds = [name for name in value if name in _KINDS]
        if "for" in kinds and "do" in kinds:
            kinds.remove("do")
        if len(kinds) > 1:
            self._checker.refuse(path, f"a task does one thing; this one has {spoken(kinds)}")
            return None
        if not kinds:
            unknown = next((self._checker.nearest(name, _KINDS) for name in value if name not in _BASE), "")
            self._checker.refuse(path, f"a task needs one of {', '.join(f'`{kind}`' for kind in _KINDS)}{unknown}")
            return None
        return str(kinds[0])

    def _head(self, name: str, value: dict[str, Any], path: str, scope: Scope) -> dict[str, Any]:
        """The members of `TaskBase`."""
        head: dict[str, Any] = {"name": name, "path": path, "definition": value}
        if "if" in value:
            head["condition"] = self._grammar.templates.expression(value["if"], step(path, "if"), scope.before)
        for member, key, arguments in (
            ("input", "from", scope.before),
            ("output", "as", scope.definition),
            ("export", "as", scope.export),
        ):
            if member in value:
                head[member] = self._grammar.parts.transform(value[member], step(path, member), key, arguments)
        at = step(path, "timeout")
        if "timeout" in value and self._checker.uses(at, "timeout"):
            head["timeout"] = self._grammar.timings.timeout(value["timeout"], at, scope.definition)
        if "then" in value:
            head["then"] = self.directive(value["then"], step(path, "then"), scope)
        if "metadata" in value:
            at = step(path, "metadata")
            head["metadata"] = self._checker.object(value["metadata"], at) or {}
            head["skip"] = self._skips.output(head["metadata"], at, scope.before)
        return head

    def directive(self, value: Any, pointer: str, scope: Scope) -> str:
        text = self._checker.text(value, pointer)
        if text is not None and text not in DIRECTIVES and text not in scope.siblings:
            hint = self._checker.nearest(text, {*DIRECTIVES, *scope.siblings})
            self._checker.refuse(pointer, f"`{text[:80]}` is no task of the same list and no directive{hint}")
        return text or "continue"
