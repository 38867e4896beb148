from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


class Violation(msgspec.Struct, frozen=True):
    """One broken rule of a document.

    Attributes:
        pointer: RFC 6901 pointer of the value or the property; empty for the whole document.
        line, column: where it stands in the text, both from 1.
        message: what is wrong and, where it is known, what was probably meant.
    """

    pointer: str
    line: int
    column: int
    message: str


class DocumentError(Exception):
    """The text is no workflow that this version can run. The author corrects every violation and parses again."""

    def __init__(self, filename: str, violations: Sequence[Violation]) -> None:
        self.filename = filename
        self.violations = list(violations)
        first = self.violations[0]
        more = f" (and {len(self.violations) - 1} more)" if len(self.violations) > 1 else ""
        super().__init__(f"{filename}:{first.line}:{first.column}: {first.message}{more}")

    def errors(self) -> list[dict[str, Any]]:
        """The violations as the `errors` member of a problem document."""
        return [
            {"pointer": one.pointer, "line": one.line, "column": one.column, "detail": one.message}
            for one in self.violations
        ]
