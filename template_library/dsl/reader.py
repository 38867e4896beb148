"""Text → JSON values with positions: the safe part of YAML and no more (S-33).

It walks the parser's events with a stack of its own: no document is deep enough to exhaust Python's, and every limit
holds before the value is built. Anchors, aliases, tags, merge keys, several documents and duplicate keys are refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from template_library.dsl import limits
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.positions import Position, Source, step
from template_library.dsl.scalars import ScalarError, plain

_FORBIDDEN: Final = re.compile("[\x00\ufeff\ud800-\udfff]")


class _Refused(Exception):
    def __init__(self, message: str, position: Position, pointer: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.pointer = pointer


class _Open:
    """A mapping or sequence that is still being read."""

    def __init__(self, value: Any, pointer: str) -> None:
        self.value = value
        self.pointer = pointer
        self.key: str | None = None


def read(text: str, *, filename: str = "workflow") -> Source:
    """The one document in `text`, YAML or JSON.

    Raises:
        DocumentError: with exactly one violation, the first that was met.
    """
    try:
        _check_text(text)
        return _Reader().read(text)
    except _Refused as refused:
        violation = Violation(refused.pointer, refused.position.line, refused.position.column, refused.message)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = ": ".join(part for part in (error.context, error.problem) if part)
        violation = Violation("", line, column, f"this is no YAML or JSON: {words}")
    except (yaml.YAMLError, UnicodeError) as error:
        violation = Violation("", 1, 1, f"this is no YAML or JSON: {str(error).splitlines()[0]}")
    raise DocumentError(filename, [violation])


def _check_text(text: str) -> None:
    # Cheap first: characters are never more than bytes.
    if len(text) > limits.DOCUMENT_BYTES or len(text.encode("utf-8", "surrogatepass")) > limits.DOCUMENT_BYTES:
        raise _Refused(f"a document may have at most {limits.DOCUMENT_BYTES // 1024} KiB", Position(1, 1))
    found = _FORBIDDEN.search(text)
    if found:
        index = found.start()
        position = Position(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
        raise _Refused(f"the character U+{ord(found[0]):04X} is not allowed", position)


class _Reader:
    def __init__(self) -> None:
        self._values: dict[str, Position] = {}
        self._names: dict[str, Position] = {}
        self._stack: list[_Open] = []
        self._root: Any = None
        self._nodes = 0
        self._documents = 0

    def read(self, text: str) -> Source:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            match event:
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.MappingStartEvent():
                    self._open(event, {})
                case yaml.SequenceStartEvent():
                    self._open(event, [])
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._stack.pop()
                case yaml.AliasEvent():
                    raise self._refused("aliases are not allowed; write the value out", event)
                case yaml.DocumentStartEvent():
                    self._document(event)
                case _:
                    pass
        if self._documents == 0:
            raise _Refused("the document is empty", Position(1, 1))
        return Source(self._root, self._values, self._names)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._refused("one file holds one document", event)
        if event.tags:
            raise self._refused("tags are not allowed", event)

    def _scalar(self, event: Any) -> None:
        self._admit(event)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._name(top, event)
            return
        if event.implicit[0]:
            try:
                value = plain(event.value)
            except ScalarError as error:
                raise self._refused(str(error), event) from error
        else:
            value = event.value
        self._place(value, event)

    def _name(self, top: _Open, event: Any) -> None:
        name = event.value
        if name == "<<" and event.implicit[0]:
            raise self._refused("merge keys are not allowed; write the properties out", event)
        if name in top.value:
            raise self._refused(f"the property `{name}` appears twice", event)
        top.key = name
        self._names[step(top.pointer, name)] = _at(event)

    def _open(self, event: Any, value: Any) -> None:
        self._admit(event)
        if self._stack and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None:
            raise self._refused("a property name must be a string", event)
        if len(self._stack) >= limits.DEPTH:
            raise self._refused(f"values may be nested at most {limits.DEPTH} deep", event)
        self._stack.append(_Open(value, self._place(value, event)))

    def _place(self, value: Any, event: Any) -> str:
        """Put the value where it belongs and return its pointer."""
        if not self._stack:
            self._root, pointer = value, ""
        else:
            top = self._stack[-1]
            if isinstance(top.value, dict):
                key, top.key = top.key or "", None
                pointer = step(top.pointer, key)
                top.value[key] = value
            else:
                pointer = step(top.pointer, len(top.value))
                top.value.append(value)
        self._values[pointer] = _at(event)
        return pointer

    def _admit(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > limits.NODES:
            raise self._refused(f"a document may have at most {limits.NODES:,} values", event)
        if event.anchor is not None:
            raise self._refused("anchors are not allowed", event)
        if event.tag is not None:
            raise self._refused("tags are not allowed; quote what shall be a string", event)

    def _refused(self, message: str, event: Any) -> _Refused:
        return _Refused(message, _at(event), self._stack[-1].pointer if self._stack else "")


def _at(event: Any) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1)
