"""Which schemas a form may have: every keyword has a way to be shown, and what it takes has bounds (ADR 0101).

What is not listed is refused, so that no rule holds on the server that nobody sees, and none is shown that does not
hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from template_library.dsl.schemas import is_pattern
from template_library.forms.document import MEMBERS, PARTS, TEXTS, part_of
from template_library.schemas import Breach, pointer

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
MOST_FIELDS: Final = 100
MOST_CHOICES: Final = 200
MOST_ITEMS: Final = 200
LONGEST: Final = 10_000
"""Characters of a text that names no other limit."""
DOCUMENT: Final = "document"
"""`format` of a text that is the id of a document."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_PATTERN: Final = 500
_SIZE: Final = 1024 * 1024
"""Bytes of a compiled pattern. It matches in linear time; no browser is given any to match."""
_WORDS: Final = frozenset({"title", "description", "default"})
_OF: Final[dict[str, frozenset[str]]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format", "enum", "oneOf"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum"}),
    "boolean": frozenset({"const"}),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
}
_KEYWORDS: Final = {**_OF, "number": _OF["integer"]}
_ROOT: Final = frozenset({"$schema", "type", "title", "description", "properties", "required", "additionalProperties"})
_COUNTS: Final = ("minLength", "maxLength", "minItems", "maxItems")
_FORMATS: Final = frozenset({"email", "uri", DOCUMENT})


def mistakes(schema: Mapping[str, Any]) -> Iterator[Breach]:
    """What keeps it from being a form's; pointers lead into it."""
    yield from _unknown(schema, _ROOT, ())
    if schema.get("$schema", DRAFT) != DRAFT:
        yield Breach("/$schema", "Forms are of JSON Schema 2020-12")
    if schema.get("type") != "object":
        yield Breach("/type", "A form is an object")
    yield from _of_object(schema, (), lists=True)


def _of_object(rule: Mapping[str, Any], at: tuple[str | int, ...], *, lists: bool) -> Iterator[Breach]:
    if rule.get("additionalProperties", False) is not False:
        yield Breach(pointer([*at, "additionalProperties"]), "A form takes no members that it does not have")
    fields = rule.get("properties")
    if not isinstance(fields, Mapping) or not 0 < len(fields) <= MOST_FIELDS:
        yield Breach(pointer([*at, "properties"]), f"Give 1 to {MOST_FIELDS} fields")
        return
    for name, one in fields.items():
        place = (*at, "properties", name)
        if _NAME.fullmatch(name) is None:
            yield Breach(pointer(place), "Name a field with 1 to 64 letters, digits, _ and -, beginning with a letter")
        yield from _of_field(one, place, lists=lists, titled=True)
    required = rule.get("required", [])
    if not isinstance(required, list) or len(set(map(str, required))) != len(required):
        yield Breach(pointer([*at, "required"]), "List each field once")
    else:
        unknown = [one for one in required if one not in fields]
        yield from (Breach(pointer([*at, "required"]), f"There is no field '{str(one)[:64]}'") for one in unknown)


def _of_field(rule: Any, at: tuple[str | int, ...], *, lists: bool, titled: bool) -> Iterator[Breach]:
    if not isinstance(rule, Mapping):
        yield Breach(pointer(at), "Describe the field by an object")
        return
    if titled and not _is_text(rule.get("title"), 200):
        yield Breach(pointer([*at, "title"]), "Give a title of 1 to 200 characters")
    if "description" in rule and not _is_text(rule["description"], 2_000):
        yield Breach(pointer([*at, "description"]), "Help is a text of 1 to 2,000 characters")
    if "$ref" in rule:
        yield from _unknown(rule, _WORDS | {"$ref"}, at)
        if part_of(rule) not in TEXTS | MEMBERS:
            known = ", ".join(sorted(TEXTS | MEMBERS))
            yield Breach(pointer([*at, "$ref"]), f"Refer to one of these after {PARTS}: {known}")
        return
    kind = rule.get("type")
    allowed = [one for one in _KEYWORDS if lists or one not in {"array", "object"}]
    if lists and titled and kind == "object":
        allowed.remove("object")
    if kind not in allowed:
        shown = [one for one in allowed if not (titled and one == "object")]
        yield Breach(pointer([*at, "type"]), f"Use one of these here: {', '.join(shown)}")
        return
    yield from _unknown(rule, _KEYWORDS[kind] | _WORDS | {"type"}, at)
    yield from _of_kind(kind, rule, at)


def _of_kind(kind: str, rule: Mapping[str, Any], at: tuple[str | int, ...]) -> Iterator[Breach]:
    for name in _COUNTS:
        if name in rule and not (type(rule[name]) is int and 0 <= rule[name] <= _most(name)):
            yield Breach(pointer([*at, name]), f"Give a whole number of 0 to {_most(name)}")
    if kind == "string":
        yield from _of_text(rule, at)
    if kind == "object":
        yield from _of_object(rule, at, lists=False)
    if kind == "array":
        items = rule.get("items")
        rows = isinstance(items, Mapping) and items.get("type") == "object"
        if isinstance(items, Mapping) and items.get("type") == "array":
            yield Breach(pointer([*at, "items", "type"]), "A list holds values, or rows of fields")
        else:
            yield from _of_field(items, (*at, "items"), lists=rows, titled=False)
    if "enum" in rule:
        yield from _of_choices(rule["enum"], (*at, "enum"))


def _of_text(rule: Mapping[str, Any], at: tuple[str | int, ...]) -> Iterator[Breach]:
    if "pattern" in rule and (wrong := _wrong_pattern(rule["pattern"])):
        yield Breach(pointer([*at, "pattern"]), wrong)
    if "format" in rule and rule["format"] not in _FORMATS:
        yield Breach(
            pointer([*at, "format"]), f"Use one of {', '.join(sorted(_FORMATS))}, or a part, such as {PARTS}day"
        )
    choices = rule.get("oneOf")
    if choices is not None:
        is_list = isinstance(choices, list) and all(
            isinstance(one, Mapping) and one.keys() == {"const", "title"} and _is_text(one["title"], 200)
            for one in choices
        )
        if not is_list:
            yield Breach(pointer([*at, "oneOf"]), "List choices, each with `const` and `title`")
        else:
            yield from _of_choices([one["const"] for one in choices], (*at, "oneOf"))
        if "enum" in rule:
            yield Breach(pointer([*at, "enum"]), "Give `enum`, or `oneOf` with titles")


def _of_choices(choices: Any, at: tuple[str | int, ...]) -> Iterator[Breach]:
    if not isinstance(choices, list) or not 0 < len(choices) <= MOST_CHOICES:
        yield Breach(pointer(at), f"Give 1 to {MOST_CHOICES} choices")
    elif any(isinstance(one, Mapping | list) or one is None for one in choices):
        yield Breach(pointer(at), "Choices are texts or numbers")
    elif len(set(map(repr, choices))) != len(choices):
        yield Breach(pointer(at), "Give each choice once")


def _wrong_pattern(text: Any) -> str | None:
    if not isinstance(text, str) or len(text) > _PATTERN:
        return f"Give a regular expression of at most {_PATTERN} characters"
    if not is_pattern(text, _SIZE):
        return "This is no regular expression without look-around and back-references, or a very large one"
    return None


def _unknown(rule: Mapping[str, Any], known: frozenset[str], at: tuple[str | int, ...]) -> Iterator[Breach]:
    for name in rule:
        if name not in known:
            yield Breach(pointer([*at, name]), "Forms have no such keyword here")


def _most(name: str) -> int:
    return LONGEST if name.endswith("Length") else MOST_ITEMS


def _is_text(value: Any, most: int) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        return False
    return value.replace("\n", " ").isprintable() and bool(value.strip())
