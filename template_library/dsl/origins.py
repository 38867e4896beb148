"""Where the credentials of a call go is written in the document, or the deployment's; no run decides it (S-53)."""

from __future__ import annotations

import re
from typing import Final

from template_library.dsl import programs
from template_library.dsl.checker import Checker
from template_library.dsl.model import Constant, Expression, ListTemplate, MapTemplate, Template

_NO_PROGRAM: Final = re.compile(r"/|[A-Za-z][A-Za-z0-9+.\-]*://")
_OTHERWISE: Final = (
    "or take it from `$runtime.metadata.parameters`; nothing of a run may choose where credentials are sent"
)


class Origins:
    """For calls with a sealed part."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def url(self, template: Template, pointer: str) -> None:
        """A URL or URI template: its origin is settled, whatever follows."""
        if isinstance(template, Constant):
            is_settled = programs.origin_is_written(str(template.value))
        else:
            is_settled = isinstance(template, Expression) and programs.settles_origin(template.program)
        if not is_settled:
            example = "`https://api.example.com/{id}`"
            self._checker.refuse(pointer, f"write scheme and host out in front, as in {example}, {_OTHERWISE}")

    def written(self, template: Template, pointer: str) -> None:
        """A part of an address: all of it is settled."""
        if not _is_written(template):
            self._checker.refuse(pointer, f"write it out, {_OTHERWISE}")


def _is_written(template: Template) -> bool:
    if isinstance(template, Expression):
        # In loose mode a text that no program begins like is that text.
        is_text = template.text is not None and _NO_PROGRAM.match(template.text) is not None
        return is_text or programs.is_written(template.program)
    if isinstance(template, MapTemplate):
        return all(_is_written(member) for _, member in template.members)
    return not isinstance(template, ListTemplate) or all(_is_written(item) for item in template.items)
