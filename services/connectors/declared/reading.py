"""A manifest's text → its document, or everything that is wrong with its form, each with its place."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.declared.document import Document
from template_library.dsl import reader
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.positions import Source, step
from template_library.dsl.schemas import Validator, compile_schema

FILE: Final = "manifest.yaml"
SCHEMA: Final = Path(__file__).with_name("manifest.schema.json")
_MOST: Final = 50
_LONGEST: Final = 200


class Manuscript(msgspec.Struct, frozen=True):
    """A manifest that has its form, with where everything in it stands."""

    document: Document
    source: Source
    filename: str


def read(text: str, *, filename: str = FILE) -> Manuscript:
    """The manifest in `text`.

    Raises:
        DocumentError: with all that breaks the manifest's schema, at most 50.
    """
    source = reader.read(text, filename=filename)
    wrong = list(_wrong(source))
    if wrong:
        raise DocumentError(filename, wrong)
    return Manuscript(msgspec.convert(source.value, Document), source, filename)


def read_file(file: Path) -> Manuscript:
    """Raises DocumentError, OSError."""
    return read(file.read_text(encoding="utf-8"), filename=str(file))


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of manifests."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


@functools.cache
def _validator() -> Validator:
    return compile_schema(schema())


def _wrong(source: Source) -> Iterator[Violation]:
    for count, error in enumerate(_validator().iter_errors(source.value)):
        if count == _MOST:
            return
        pointer = ""
        for token in error.instance_path:
            pointer = step(pointer, token)
        position = source.value_at(pointer)
        yield Violation(pointer, position.line, position.column, _words(error.message, error.schema_path))


def _words(message: str, path: list[str | int]) -> str:
    """What is wrong, and what the schema says of the place: what to write there."""
    rule, keyword, told = _rule(path)
    if keyword == "enum":
        allowed = ", ".join(str(one) for one in rule["enum"])
        message = f"{message.partition(' is not one of ')[0]} is none of {allowed}"
    if keyword == "additionalProperties" and "properties" in rule:
        message = f"{_short(message)}; known are {', '.join(sorted(rule['properties']))}"
    return f"{_short(message)}{f'. {told}' if told else ''}"


def _rule(path: list[str | int]) -> tuple[dict[str, Any], str, str]:
    """The rule that is broken, its keyword, and the description that is the nearest around it."""
    node: Any = schema()
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
