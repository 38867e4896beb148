"""Forms and mails of a package, put where its workflow names them: a published document needs no folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from template_library.dsl import reader
from template_library.dsl.positions import step
from template_library.human_tasks import FAMILY
from template_library.notices import FAMILY as NOTICES

_QUOTES: Final = "'\""


class UnknownForm(ValueError):
    """The workflow names a form that is no file of the package. Its author adds the file, or mends the name."""


def named(document: Any) -> Iterator[tuple[str, str]]:
    """Where a decoded document names forms, as JSON pointers, and the names."""
    return _named(document, FAMILY, "form")


def told(document: Any) -> Iterator[tuple[str, str]]:
    """Where it names mails, and the names."""
    return _named(document, NOTICES, "notice")


def _named(document: Any, family: re.Pattern[str], member: str) -> Iterator[tuple[str, str]]:
    open_ones: list[tuple[str, Any]] = [("", document)]
    while open_ones:
        at, value = open_ones.pop()
        if isinstance(value, dict):
            yield from _of_call(at, value, family, member)
            open_ones += [(step(at, name), one) for name, one in value.items()]
        elif isinstance(value, list):
            open_ones += [(step(at, place), one) for place, one in enumerate(value)]


def _of_call(at: str, value: dict[str, Any], family: re.Pattern[str], member: str) -> Iterator[tuple[str, str]]:
    call, given = value.get("call"), value.get("with")
    if (
        isinstance(call, str)
        and family.fullmatch(call)
        and isinstance(given, dict)
        and isinstance(given.get(member), str)
    ):
        yield f"{at}/with/{member}", given[member]


def inlined(text: str, forms: Mapping[str, Any], mails: Mapping[str, Any], *, filename: str = "workflow") -> str:
    """`text` of a workflow with each form and mail in the place of its name; nothing else is moved to another line.

    A mail that is no file stays named: the package's check says so, and nothing tells it.

    Raises:
        DocumentError: `text` is no YAML.
        UnknownForm: there is no such form.
    """
    source = reader.read(text, filename=filename)
    lines = text.split("\n")
    places = [(source.value_at(at), name, forms.get(name)) for at, name in named(source.value)]
    for _, name, form in places:
        if form is None:
            raise UnknownForm(f"{filename}: the form {name[:64]} is no file of the package: forms/{name[:64]}.yaml")
    for at, name in told(source.value):
        if isinstance(mails.get(name), dict):
            places.append((source.value_at(at), name, {"name": name, **mails[name]}))
    for place, name, what in sorted(places, key=lambda one: one[0], reverse=True):
        line, begin = lines[place.line - 1], place.column - 1
        end = begin + len(name) + (2 if line[begin] in _QUOTES else 0)
        lines[place.line - 1] = line[:begin] + json.dumps(what, ensure_ascii=False) + line[end:]
    return "\n".join(lines)
