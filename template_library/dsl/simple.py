"""Tasks that enclose no others: `set`, `switch`, `raise`, `wait`, `emit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import EmitTask, Expression, RaiseTask, SetTask, SwitchCase, SwitchTask, Task, WaitTask
from template_library.dsl.positions import step

Directive = Callable[[Any, str, Scope], str]


class Simple:
    """`directive` reads `then`."""

    def __init__(self, grammar: Grammar, directive: Directive) -> None:
        self._checker = grammar.checker
        self._grammar = grammar
        self._directive = directive
        self.builders: Final = {
            "set": self._set,
            "switch": self._switch,
            "raise": self._raise,
            "wait": self._wait,
            "emit": self._emit,
        }

    def _set(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        data, pointer = value["set"], step(head["path"], "set")
        template = self._grammar.templates.template(data, pointer, scope.definition)
        if isinstance(data, str) or (isinstance(data, dict) and data):
            return SetTask(**head, value=template)
        self._checker.refuse(pointer, "must be an object with at least one property, or an expression")
        return None

    def _switch(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        items, pointer = value["switch"], step(head["path"], "switch")
        if not isinstance(items, list) or not items:
            self._checker.refuse(pointer, "must be a list with at least one case")
            return None
        cases: list[SwitchCase] = []
        for index, item in enumerate(items):
            case = self._case(item, step(pointer, index), scope)
            if case is None:
                continue
            at = step(step(pointer, index), case.name)
            if case.when is None and "when" not in item[case.name] and any(one.when is None for one in cases):
                self._checker.refuse(at, "only one case may be without `when`", name=True)
            if any(one.name == case.name for one in cases):
                self._checker.refuse(at, f"two cases are named `{case.name[:80]}`", name=True)
            cases.append(case)
        return SwitchTask(**head, cases=tuple(cases))

    def _case(self, item: Any, pointer: str, scope: Scope) -> SwitchCase | None:
        entry = self._checker.entry(item, pointer, "case")
        if entry is None:
            return None
        name, body = entry
        pointer = step(pointer, name)
        members = self._checker.members(body, pointer, ("when", "then"), required=("then",))
        if members is None or "then" not in members:
            return None
        when: Expression | None = None
        if "when" in members:
            when = self._grammar.templates.expression(members["when"], step(pointer, "when"), scope.definition)
        return SwitchCase(name, when, self._directive(members["then"], step(pointer, "then"), scope))

    def _raise(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        pointer = step(head["path"], "raise")
        members = self._checker.members(value["raise"], pointer, ("error",), required=("error",))
        if not members:
            return None
        error = self._grammar.errors.resolve(members["error"], step(pointer, "error"), scope.definition)
        return RaiseTask(**head, error=error) if error is not None else None

    def _wait(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        duration = self._grammar.timings.duration(value["wait"], step(head["path"], "wait"), scope.definition)
        return None if duration is None else WaitTask(**head, duration=duration)

    def _emit(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        event = self._grammar.events.emitted(value["emit"], step(head["path"], "emit"), scope.definition)
        return None if event is None else EmitTask(**head, event=event)
