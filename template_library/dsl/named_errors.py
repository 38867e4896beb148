from __future__ import annotations

import re
from typing import Any, Final

from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DEFINITION, Templates

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*://.*", re.DOTALL)


class NamedErrors:
    """`use.errors`, and the errors that `raise` defines itself.

    `instance` is read and dropped: the runtime sets it to the raising task's pointer (DSL reference, Error).
    """

    def __init__(self, checker: Checker, templates: Templates) -> None:
        self._checker = checker
        self._templates = templates
        self._named: dict[str, Template | None] = {}

    def read(self, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            self._checker.refuse(pointer, f"must be an object, not {kind_of(value)}")
            return
        for name, definition in value.items():
            self._named[name] = self._error(definition, step(pointer, name), DEFINITION)

    def resolve(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """The template of an error given by name or in place."""
        if not isinstance(value, str):
            return self._error(value, pointer, arguments)
        if value not in self._named:
            self._checker.refuse(
                pointer, f"`use.errors` has no `{value[:80]}`{self._checker.nearest(value, self._named)}"
            )
            return None
        return self._named[value]

    def _error(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        names = ("type", "status", "instance", "title", "detail")
        members = self._checker.members(value, pointer, names, required=("type", "status"))
        if members is None or "type" not in members or "status" not in members:
            return None
        status = members["status"]
        if not isinstance(status, int) or isinstance(status, bool):
            self._checker.refuse(step(pointer, "status"), f"must be an integer, not {kind_of(status)}")
        for name in ("type", "instance", "title", "detail"):
            if name in members:
                self._checker.text(members[name], step(pointer, name))
        kind = members["type"]
        if isinstance(kind, str) and not kind.strip().startswith("${") and not _URI.fullmatch(kind):
            self._checker.refuse(step(pointer, "type"), f"`{kind[:80]}` is not a URI")
        wanted = {name: member for name, member in members.items() if name != "instance"}
        return self._templates.template(wanted, pointer, arguments)
