"""The form of a file that people write for a connector: a JSON Schema whose descriptions say what to write where."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from template_library.dsl.errors import Violation
from template_library.dsl.positions import Source, step
from template_library.dsl.schemas import Validator, compile_schema, words

_MOST: Final = 50
_LONGEST: Final = 200


class Form:
    """Reads its schema when it is first needed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @functools.cached_property
    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return found

    @functools.cached_property
    def _validator(self) -> Validator:
        return compile_schema(self.schema)

    def violations(self, source: Source) -> Iterator[Violation]:
        """All that breaks it, at most 50, each with its place and with what the schema says of that place."""
        for count, error in enumerate(self._validator.iter_errors(source.value)):
            if count == _MOST:
                return
            pointer = ""
            for token in error.instance_path:
                pointer = step(pointer, token)
            position = source.value_at(pointer)
            yield Violation(
                pointer, position.line, position.column, self._words(words(error, self.schema), error.schema_path)
            )

    def _words(self, message: str, path: list[str | int]) -> str:
        """What is wrong, and what the schema says of the place: what to write there."""
        rule, keyword, told = self._rule(path)
        if keyword == "enum":
            allowed = ", ".join(str(one) for one in rule["enum"])
            message = f"{message.partition(' is not one of ')[0]} is none of {allowed}"
        if keyword == "additionalProperties" and "properties" in rule:
            message = f"{_short(message)}; known are {', '.join(sorted(rule['properties']))}"
        return f"{_short(message)}{f'. {told}' if told else ''}"

    def _rule(self, path: list[str | int]) -> tuple[dict[str, Any], str, str]:
        """The rule that is broken, its keyword, and the description that is the nearest around it."""
        node: Any = self.schema
        rule: dict[str, Any] = {}
        told = ""
        for token in path:
            if isinstance(node, dict):
                rule = node
                told = node.get("description", told)
            node = node[token]
        return rule, str(path[-1]) if path else "", told


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
