"""`use.extensions`: tasks around the tasks of a kind."""

from __future__ import annotations

from typing import Any, Final

from template_library.dsl.checker import kind_of
from template_library.dsl.enclosing import Reading
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import Extension
from template_library.dsl.positions import step

_POINTER: Final = "/use/extensions"
_EXTENDED: Final = (
    "call", "composite", "emit", "for", "listen", "raise", "run", "set", "switch", "try", "wait", "all",
)  # fmt: skip


class Extensions:
    """`read` reads a task list."""

    def __init__(self, grammar: Grammar, read: Reading) -> None:
        self._checker = grammar.checker
        self._grammar = grammar
        self._read = read

    def extensions(self, value: Any) -> tuple[Extension, ...]:
        if not isinstance(value, list):
            self._checker.refuse(_POINTER, f"must be a list of extensions, not {kind_of(value)}")
            return ()
        if not value or not self._checker.uses(_POINTER, "extensions"):
            return ()
        found: list[Extension] = []
        for index, item in enumerate(value):
            at = step(_POINTER, index)
            entry = self._checker.entry(item, at, "extension")
            extension = self._extension(*entry, step(at, entry[0])) if entry is not None else None
            if extension is None:
                continue
            if any(one.name == extension.name for one in found):
                self._checker.refuse(extension.path, f"two extensions are named `{extension.name[:80]}`", name=True)
            found.append(extension)
        return tuple(found)

    def _extension(self, name: str, value: Any, path: str) -> Extension | None:
        members = self._checker.members(value, path, ("extend", "when", "before", "after"), required=("extend",))
        if members is None or "extend" not in members:
            return None
        extend = self._checker.choice(members["extend"], step(path, "extend"), _EXTENDED)
        scope = Scope()
        when = None
        if "when" in members:
            when = self._grammar.templates.expression(members["when"], step(path, "when"), scope.definition)
        before, after = (
            self._read(members[part], step(path, part), scope) if part in members else ()
            for part in ("before", "after")
        )
        return Extension(name=name, path=path, extend=extend or "all", when=when, before=before, after=after)
