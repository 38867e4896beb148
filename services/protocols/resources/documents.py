"""JSON or YAML from outside as values: bounded, without anchors, aliases, tags and merge keys (S-33)."""

from __future__ import annotations

from typing import Any, Final

import yaml

from services.engine import values
from services.protocols import errors
from template_library.dsl.scalars import ScalarError, plain

JSON_BYTES: Final = 4 * 1024 * 1024
YAML_BYTES: Final = 2 * 1024 * 1024
DEPTH: Final = 64
NODES: Final = 200_000


def parse(content: bytes) -> Any:
    """The one value in `content`. Takes seconds for the largest YAML: call it in a thread.

    Raises:
        Refusal: `configuration`: no JSON or YAML, or beyond a limit.
    """
    if content.lstrip()[:1] in {b"{", b"["} and len(content) <= JSON_BYTES:
        try:
            return values.decode(content, depth=DEPTH)
        except values.ValueRefused as error:
            json_error = str(error)  # YAML allows braces too
    else:
        json_error = ""
    try:
        return _Reader().read(_text(content))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = json_error or _words(error)
    except _Unsafe as error:
        detail = str(error)
    raise errors.configuration(
        "Unreadable document", f"the document is no JSON or YAML that is accepted: {detail}", sent=True
    )


def _text(content: bytes) -> str:
    if len(content) > YAML_BYTES:
        raise _Unsafe(f"at most {JSON_BYTES // 1024**2} MiB of JSON or {YAML_BYTES // 1024**2} MiB of YAML")
    return content.decode("utf-8-sig")


class _Unsafe(Exception):
    """The document uses what is not accepted, or too much of it."""


class _Open:
    """A mapping or sequence that is still being read."""

    __slots__ = ("key", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.key: str | None = None


class _Reader:
    """Walks the parser's events with a stack of its own, so that every limit holds before a value is built."""

    def __init__(self) -> None:
        self._stack: list[_Open] = []
        self._root: Any = None
        self._nodes = 0

    def read(self, text: str) -> Any:
        documents = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            match event:
                case yaml.ScalarEvent():
                    self._admit(event)
                    self._scalar(event)
                case yaml.MappingStartEvent():
                    self._open(event, {})
                case yaml.SequenceStartEvent():
                    self._open(event, [])
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._stack.pop()
                case yaml.AliasEvent():
                    raise _Unsafe(f"line {_line(event)}: aliases are not accepted")
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise _Unsafe("there are several documents in one")
                case _:
                    pass
        return self._root

    def _admit(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > NODES:
            raise _Unsafe(f"there are more than {NODES:,} values")
        if event.anchor is not None or event.tag is not None:
            raise _Unsafe(f"line {_line(event)}: anchors and tags are not accepted")

    def _scalar(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            if event.value in top.value or (event.value == "<<" and event.implicit[0]):
                raise _Unsafe(f"line {_line(event)}: a name stands twice, or merges")
            top.key = event.value
            return
        try:
            self._place(plain(event.value) if event.implicit[0] else event.value)
        except ScalarError as error:
            raise _Unsafe(f"line {_line(event)}: {error}") from error

    def _open(self, event: Any, value: Any) -> None:
        self._admit(event)
        top = self._stack[-1] if self._stack else None
        if len(self._stack) >= DEPTH or (top is not None and isinstance(top.value, dict) and top.key is None):
            raise _Unsafe(f"line {_line(event)}: nested more than {DEPTH} deep, or a name that is no text")
        self._place(value)
        self._stack.append(_Open(value))

    def _place(self, value: Any) -> None:
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        if isinstance(top.value, dict):
            top.value[top.key] = value
            top.key = None
        else:
            top.value.append(value)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _words(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error).partition("\n")[0]
