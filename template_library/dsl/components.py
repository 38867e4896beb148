"""Parts of `use` that are given once and named in many places."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, Generic, TypeVar

from template_library.dsl import limits
from template_library.dsl.positions import step
from template_library.dsl.templates import DEFINITION, Templates

Read = TypeVar("Read")
_USE: Final = "/use"


class _Done(Generic[Read]):
    """What was read with some variables; it `needs` these, and is good with `only` one set of them unless None."""

    def __init__(self, found: Read | None, needs: frozenset[str], only: frozenset[str] | None) -> None:
        self.found = found
        self._needs = needs
        self._only = only

    def serves(self, arguments: frozenset[str]) -> bool:
        return self._needs <= arguments if self._only is None else self._only == arguments


class Components(Generic[Read]):
    """The definitions of one member of `use`, such as `retries`.

    A definition is read where it is named, since the place decides which variables there are; one that nothing names is
    read by `finish`, so that it is checked as well. What was read for one place serves all others that have its
    variables too: a large definition that is named often costs no more than one (S-34).
    """

    def __init__(
        self, templates: Templates, kind: str, read: Callable[[Any, str, frozenset[str]], Read | None]
    ) -> None:
        self._checker = templates.checker
        self._templates = templates
        self._kind = kind
        self._read = read
        self._definitions: dict[str, Any] = {}
        self._done: dict[str, list[_Done[Read]]] = {}

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
            hint = self._checker.nearest(name, self._definitions)
            self._checker.refuse(pointer, f"`use.{self._kind}` has no `{name[:80]}`{hint}")
            return None
        return self._once(name, arguments)

    def finish(self, *variables: str) -> None:
        for name in self._definitions:
            if name not in self._done:
                self._once(name, DEFINITION | set(variables))

    def _once(self, name: str, arguments: frozenset[str]) -> Read | None:
        done = self._done.setdefault(name, [])
        for one in done:
            if one.found is None or one.serves(arguments):
                return one.found  # what was refused is so once, and not for each place
        at = step(step(_USE, self._kind), name)
        if len(done) == limits.SCOPES:
            self._checker.refuse(at, f"is named among more than {limits.SCOPES} different sets of variables", name=True)
            return None
        before = len(self._templates.kept)
        found = self._read(self._definitions[name], at, arguments)
        needs = frozenset(variable for kept in self._templates.kept[before:] for variable in kept.variables)
        # In loose mode more variables make expressions of more strings.
        done.append(_Done(found, needs, arguments if self._templates.loose else None))
        return found
