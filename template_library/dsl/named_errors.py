from __future__ import annotations

from typing import Any, Final

from template_library.dsl.checker import kind_of
from template_library.dsl.components import Components
from template_library.dsl.model import Constant, Expression, Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates, join
from template_library.dsl.uris import URI, filled, is_template

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
        found = {
            name: self._templates.template(member, step(pointer, name), arguments)
            for name, member in members.items()
            if name not in {"instance", "type"}
        }
        return join({"type": self._type(members["type"], step(pointer, "type"), arguments), **found})

    def _type(self, kind: Any, pointer: str, arguments: frozenset[str]) -> Template:
        """A URI template, or an expression."""
        if isinstance(kind, str) and URI.fullmatch(kind):
            if not is_template(kind):
                self._checker.refuse(pointer, f"`{kind[:80]}` is not a URI: braces enclose the name of a variable")
                return Constant(None)
            found = filled(kind, pointer)
            return self._templates.keep(found) if isinstance(found, Expression) else found
        if isinstance(kind, str) and not self._is_expression(kind):
            self._checker.refuse(pointer, f"`{kind[:80]}` is not a URI")
        return self._templates.template(kind, pointer, arguments)

    def _is_expression(self, text: str) -> bool:
        return self._templates.loose or DELIMITED.fullmatch(text) is not None
