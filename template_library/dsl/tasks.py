"""Task lists and the tasks of each kind."""

from __future__ import annotations

from typing import Any, Final

from template_library.dsl import limits
from template_library.dsl.calls import Calls
from template_library.dsl.checker import Checker, kind_of, nearest
from template_library.dsl.model import DoTask, RaiseTask, SetTask, SwitchCase, SwitchTask, Task, Template
from template_library.dsl.named_errors import NamedErrors
from template_library.dsl.parts import Parts
from template_library.dsl.positions import step
from template_library.dsl.templates import BEFORE_TASK, DEFINITION, EXPORT, Templates

DIRECTIVES: Final = frozenset({"continue", "exit", "end"})
_BASE: Final = ("if", "input", "output", "export", "then", "metadata")
_READY: Final = {"call": ("with",), "do": (), "raise": (), "set": (), "switch": ()}
_UNREADY: Final = ("for", "emit", "fork", "listen", "run", "try", "wait")
_COMPANIONS: Final = {"for": {"do"}, "try": {"catch"}, "listen": {"foreach"}}


class Tasks:
    """Parses task lists into `found`, by path."""

    def __init__(self, checker: Checker, templates: Templates, parts: Parts, calls: Calls, errors: NamedErrors) -> None:
        self._checker = checker
        self._templates = templates
        self._parts = parts
        self._calls = calls
        self._errors = errors
        self.found: dict[str, Task] = {}
        self._count = 0

    def read(self, value: Any, pointer: str, *, depth: int = 1) -> tuple[str, ...]:
        """The paths of the tasks of a list."""
        if not isinstance(value, list):
            self._checker.refuse(pointer, f"must be a list of tasks, not {kind_of(value)}")
            return ()
        if not value:
            self._checker.refuse(pointer, "needs at least one task")
        if depth > limits.NESTING:
            self._checker.refuse(pointer, f"tasks may be nested at most {limits.NESTING} deep")
            return ()
        named = [(index, *entry) for index, item in enumerate(value) if (entry := self._item(item, pointer, index))]
        names = [name for _, name, _ in named]
        for position, (index, name, _) in enumerate(named):
            if name in names[:position]:
                self._checker.refuse(step(step(pointer, index), name), f"two tasks are named `{name}`", name=True)
        paths = []
        for index, name, definition in named:
            path = step(step(pointer, index), name)
            self.task(name, definition, path, siblings=names, depth=depth)
            paths.append(path)
        return tuple(paths)

    def _item(self, item: Any, pointer: str, index: int) -> tuple[str, Any] | None:
        at = step(pointer, index)
        if not isinstance(item, dict) or len(item) != 1:
            self._checker.refuse(at, "must be an object with one property, the task's name")
            return None
        ((name, definition),) = item.items()
        if name in DIRECTIVES or not name:
            self._checker.refuse(step(at, name), f"`{name}` cannot be the name of a task", name=True)
        return name, definition

    def task(self, name: str, value: Any, path: str, *, siblings: list[str], depth: int) -> None:
        self._count += 1
        if self._count > limits.TASKS:
            if self._count == limits.TASKS + 1:
                self._checker.refuse(path, f"a document may have at most {limits.TASKS} tasks", name=True)
            return
        kind = self._kind(value, path)
        if (
            kind is None
            or self._checker.members(value, path, (*_BASE, kind, *_READY[kind]), later=("timeout",)) is None
        ):
            return
        task = self._build(kind, value, self._base(name, value, path, siblings), siblings, depth)
        if task is not None:
            self.found[path] = task

    def _kind(self, value: Any, path: str) -> str | None:
        if not isinstance(value, dict):
            self._checker.refuse(path, f"must be a task, not {kind_of(value)}")
            return None
        for name in _UNREADY:
            if name in value:
                self._checker.later(step(path, name), name)
                return None
        kinds = [name for name in value if name in _READY]
        if len(kinds) > 1:
            words = " and ".join(f"`{kind}`" for kind in kinds)
            self._checker.refuse(path, f"a task does one thing; this one has {words}")
            return None
        if not kinds:
            unknown = next((nearest(name, (*_READY, *_UNREADY)) for name in value if name not in _BASE), "")
            self._checker.refuse(path, f"a task needs one of {', '.join(f'`{kind}`' for kind in _READY)}{unknown}")
            return None
        return str(kinds[0])

    def _base(self, name: str, value: dict[str, Any], path: str, siblings: list[str]) -> dict[str, Any]:
        base: dict[str, Any] = {"name": name, "path": path, "definition": value}
        if "if" in value:
            base["condition"] = self._templates.expression(value["if"], step(path, "if"), BEFORE_TASK)
        for member, key, arguments in (
            ("input", "from", BEFORE_TASK),
            ("output", "as", DEFINITION),
            ("export", "as", EXPORT),
        ):
            if member in value:
                base[member] = self._parts.transform(value[member], step(path, member), key, arguments)
        if "then" in value:
            base["then"] = self._directive(value["then"], step(path, "then"), siblings)
        if "metadata" in value and not isinstance(value["metadata"], dict):
            self._checker.refuse(step(path, "metadata"), f"must be an object, not {kind_of(value['metadata'])}")
        return base

    def _directive(self, value: Any, pointer: str, siblings: list[str]) -> str:
        text = self._checker.text(value, pointer)
        if text is not None and text not in DIRECTIVES and text not in siblings:
            hint = nearest(text, {*DIRECTIVES, *siblings})
            self._checker.refuse(pointer, f"`{text[:80]}` is no task of the same list and no directive{hint}")
        return text or "continue"

    def _build(
        self, kind: str, value: dict[str, Any], base: dict[str, Any], siblings: list[str], depth: int
    ) -> Task | None:
        at = step(base["path"], kind)
        if kind == "call":
            return self._calls.task(value, base)
        if kind == "do":
            return DoTask(**base, tasks=self.read(value["do"], at, depth=depth + 1))
        if kind == "set":
            return self._set(value["set"], at, base)
        if kind == "switch":
            return self._switch(value["switch"], at, base, siblings)
        return self._raise(value["raise"], at, base)

    def _set(self, value: Any, pointer: str, base: dict[str, Any]) -> Task | None:
        if isinstance(value, str):
            return SetTask(**base, value=self._templates.template(value, pointer, DEFINITION))
        if not isinstance(value, dict) or not value:
            self._checker.refuse(pointer, "must be an object with at least one property, or an expression")
            return None
        return SetTask(**base, value=self._templates.template(value, pointer, DEFINITION))

    def _switch(self, value: Any, pointer: str, base: dict[str, Any], siblings: list[str]) -> Task | None:
        if not isinstance(value, list) or not value:
            self._checker.refuse(pointer, "must be a list with at least one case")
            return None
        cases: list[SwitchCase] = []
        for index, item in enumerate(value):
            at = step(pointer, index)
            if not isinstance(item, dict) or len(item) != 1:
                self._checker.refuse(at, "must be an object with one property, the case's name")
                continue
            ((name, body),) = item.items()
            at = step(at, name)
            members = self._checker.members(body, at, ("when", "then"), required=("then",))
            if members is None or "then" not in members:
                continue
            when = None
            if "when" in members:
                when = self._templates.expression(members["when"], step(at, "when"), DEFINITION)
            elif any(case.when is None for case in cases):
                self._checker.refuse(at, "only one case may be without `when`", name=True)
            cases.append(SwitchCase(name, when, self._directive(members["then"], step(at, "then"), siblings)))
        return SwitchTask(**base, cases=tuple(cases))

    def _raise(self, value: Any, pointer: str, base: dict[str, Any]) -> Task | None:
        members = self._checker.members(value, pointer, ("error",), required=("error",))
        if not members:
            return None
        error: Template | None = self._errors.resolve(members["error"], step(pointer, "error"))
        return RaiseTask(**base, error=error) if error is not None else None
