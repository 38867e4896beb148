from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from template_library.dsl import limits
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.positions import Position, Source, step


class Checker:
    """Collects the violations of one document; its methods return None for a value that is not as asked."""

    def __init__(self, source: Source, text: str, filename: str) -> None:
        self.source = source
        self._lines = text.split("\n")
        self._filename = filename
        self.violations: list[Violation] = []

    def refuse(self, pointer: str, message: str, *, position: Position | None = None, name: bool = False) -> None:
        """Note a violation at the value of `pointer`, or at its property name when `name`."""
        if len(self.violations) >= limits.VIOLATIONS:
            return
        at = position or (self.source.name_at(pointer) if name else self.source.value_at(pointer))
        self.violations.append(Violation(pointer, at.line, at.column, message))

    def later(self, pointer: str, construct: str) -> None:
        """Refuse a construct of the language that this version does not run."""
        self.refuse(pointer, f"`{construct}` is part of the language but this version does not run it yet", name=True)

    def finish(self) -> None:
        """Raises DocumentError if anything was refused, in the order of the text."""
        if self.violations:
            raise DocumentError(self._filename, sorted(self.violations, key=lambda one: (one.line, one.column)))

    def members(
        self,
        value: Any,
        pointer: str,
        allowed: Iterable[str],
        *,
        required: Iterable[str] = (),
        later: Iterable[str] = (),
    ) -> dict[str, Any] | None:
        """`value` as an object of known properties; those of `later` and unknown ones are refused and left out."""
        if not isinstance(value, dict):
            self.refuse(pointer, f"must be an object, not {kind_of(value)}")
            return None
        known, unready = set(allowed), set(later)
        for name in value:
            if name in unready:
                self.later(step(pointer, name), name)
            elif name not in known:
                self.refuse(
                    step(pointer, name), f"unknown property `{name}`{nearest(name, known | unready)}", name=True
                )
        for name in required:
            if name not in value:
                self.refuse(pointer, f"`{name}` is missing")
        return {name: member for name, member in value.items() if name in known}

    def text(self, value: Any, pointer: str, *, pattern: re.Pattern[str] | None = None, form: str = "") -> str | None:
        """`value` as a string that matches `pattern`; `form` says in words what that is."""
        if not isinstance(value, str):
            self.refuse(pointer, f"must be a string, not {kind_of(value)}")
            return None
        if pattern is not None and not pattern.fullmatch(value):
            self.refuse(pointer, f"`{value[:80]}` is not {form}")
            return None
        return value

    def locate(self, pointer: str, word: str) -> Position:
        """Where `word` first stands in the text of the value at `pointer`; the value's own position if nowhere."""
        start = self.source.value_at(pointer)
        line_count = str(self.source_value(pointer)).count("\n") + 3
        pattern = re.compile(re.escape(word) + r"(?!\w)")
        for number, line in enumerate(self._lines[start.line - 1 : start.line - 1 + line_count]):
            match = pattern.search(line, start.column - 1 if number == 0 else 0)
            if match:
                return Position(start.line + number, match.start() + 1)
        return start

    def source_value(self, pointer: str) -> Any:
        value = self.source.value
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            value = value[int(name)] if isinstance(value, list) else value[name]
        return value


def nearest(name: str, candidates: Iterable[str]) -> str:
    """`; did you mean …?` or nothing."""
    close = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def kind_of(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "a number")
