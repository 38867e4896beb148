"""Forms of a package (`forms/NAME.yaml`), put where its workflow names them: a published document needs no folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from template_library.dsl import reader
from template_library.dsl.positions import step
from template_library.human_tasks import FAMILY

_QUOTES: Final = "'\""


class UnknownForm(ValueError):
    """The workflow names a form that is no file of the package. Its author adds the file, or mends the name."""


def named(document: Any) -> Iterator[tuple[str, str]]:
    """Where a decoded document names forms, as JSON pointers, and the names."""
    open_ones: list[tuple[str, Any]] = [("", document)]
    while open_ones:
        at, value = open_ones.pop()
        if isinstance(value, dict):
            yield from _of_call(at, value)
            open_ones += [(step(at, name), one) for name, one in value.items()]
        elif isinstance(value, list):
            open_ones += [(step(at, place), one) for place, one in enumerate(value)]


def _of_call(at: str, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    call, given = value.get("call"), value.get("with")
    if (
        isinstance(call, str)
        and FAMILY.fullmatch(call)
        and isinstance(given, dict)
        and isinstance(given.get("form"), str)
    ):
        yield f"{at}/with/form", given["form"]


def inlined(text: str, forms: Mapping[str, Any], *, filename: str = "workflow") -> str:
    """`text` of a workflow with each form in the place of its name; nothing else is moved to another line.

    Raises:
        DocumentError: `text` is no YAML.
        UnknownForm: there is no such form.
    """
    source = reader.read(text, filename=filename)
    lines = text.split("\n")
    places = sorted(((source.value_at(at), name) for at, name in named(source.value)), reverse=True)
    for place, name in places:
        if name not in forms:
            raise UnknownForm(f"{filename}: the form {name[:64]} is no file of the package: forms/{name[:64]}.yaml")
        line, begin = lines[place.line - 1], place.column - 1
        end = begin + len(name) + (2 if line[begin] in _QUOTES else 0)
        lines[place.line - 1] = line[:begin] + json.dumps(forms[name], ensure_ascii=False) + line[end:]
    return "\n".join(lines)
