"""Parts of `use` that are given once and named in many places."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, Generic, TypeVar

from template_library.dsl.checker import Checker, nearest
from template_library.dsl.positions import step
from template_library.dsl.templates import DEFINITION

Read = TypeVar("Read")
_USE: Final = "/use"


class Components(Generic[Read]):
    """The definitions of one member of `use`, such as `retries`.

    A definition is read for each place that names it, since the place decides which variables there are; one that
    nothing names is read by `finish`, so that it is checked as well.
    """

    def __init__(self, checker: Checker, kind: str, read: Callable[[Any, str, frozenset[str]], Read | None]) -> None:
        self._checker = checker
        self._kind = kind
        self._read = read
        self._definitions: dict[str, Any] = {}
        self._done: dict[tuple[str, frozenset[str]], Read | None] = {}

    @property
    def names(self) -> Collection[str]:
        return self._definitions.keys()

    def declare(self, value: Any) -> None:
        self._definitions = self._checker.object(value, step(_USE, self._kind)) or {}

    def named(self, name: Any, pointer: str, arguments: frozenset[str]) -> Read | None:
        """The definition that the text at `pointer` names."""
        if self._checker.text(name, pointer) is None:
            return None
        if name not in self._definitions:
            hint = nearest(name, self._definitions)
            self._checker.refuse(pointer, f"`use.{self._kind}` has no `{name[:80]}`{hint}")
            return None
        return self._once(name, arguments)

    def finish(self, *variables: str) -> None:
        named = {name for name, _ in self._done}
        for name in self._definitions:
            if name not in named:
                self._once(name, DEFINITION | set(variables))

    def _once(self, name: str, arguments: frozenset[str]) -> Read | None:
        key = (name, arguments)
        if key not in self._done:
            at = step(step(_USE, self._kind), name)
            self._done[key] = self._read(self._definitions[name], at, arguments)
        return self._done[key]
