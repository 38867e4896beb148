from __future__ import annotations

from typing import Any, Final

from template_library.dsl.checker import kind_of
from template_library.dsl.components import Components
from template_library.dsl.model import Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates
from template_library.dsl.uris import URI

_MEMBERS: Final = ("type", "status", "instance", "title", "detail")


class NamedErrors:
    """`use.errors`, and the errors that `raise` defines itself.

    `instance` is read and dropped: the runtime sets it to the raising task's pointer (DSL reference, Error).
    """

    def __init__(self, templates: Templates) -> None:
        self._checker = templates.checker
        self._templates = templates
        self.named: Components[Template] = Components(templates, "errors", self._error)

    def resolve(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """The template of an error given by name or in place."""
        if isinstance(value, str):
            return self.named.named(value, pointer, arguments)
        return self._error(value, pointer, arguments)

    def _error(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        members = self._checker.members(value, pointer, _MEMBERS, required=("type", "status"))
        if members is None or "type" not in members or "status" not in members:
            return None
        status = members["status"]
        if not isinstance(status, int) or isinstance(status, bool):
            self._checker.refuse(step(pointer, "status"), f"must be an integer, not {kind_of(status)}")
        for name in ("type", "instance", "title", "detail"):
            if name in members:
                self._checker.text(members[name], step(pointer, name))
        wanted = {name: member for name, member in members.items() if name != "instance"}
        found = self._templates.template(wanted, pointer, arguments)
        kind = members["type"]
        if isinstance(kind, str) and not URI.fullmatch(kind) and not self._is_expression(kind):
            self._checker.refuse(step(pointer, "type"), f"`{kind[:80]}` is not a URI")
        return found

    def _is_expression(self, text: str) -> bool:
        return self._templates.loose or DELIMITED.fullmatch(text) is not None
